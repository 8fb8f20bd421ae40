//! A page's own layer over the Python that it is given, for pages that install packages themselves.
//!
//! Without it a page's `pip install ./sdk` would write into the shared environment of other pages, or into the
//! machine's own Python. A layer is a venv of its own, whose search path goes on where the layer below has its packages:
//! pip finds what is there, and replaces nothing of it.

#![expect(clippy::disallowed_methods, reason = "a layer is files")]

use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::plan::{Language, Plan};

/// The Python of a page, as layers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    /// The program itself.
    pub(super) interpreter: PathBuf,
    /// `3.11.7`.
    pub(super) release: String,
    /// The environment with the page's packages; the interpreter's own packages count where there is none.
    pub(super) venv: Option<PathBuf>,
}

/// True where a step of the page calls pip.
pub(super) fn is_needed(plan: &Plan) -> bool {
    let shell = |language| matches!(language, Language::Shell | Language::Console);
    let steps = plan.steps().filter(|step| step.skip.is_none() && shell(step.language));
    let is_pip = |word: &str| word == "pip" || word == "pip3" || word.ends_with("/pip");
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
    let mut words = steps.flat_map(|step| step.code.text.split(move |c| !part(c)));
    words.any(is_pip)
}

/// Where the packages lie in an environment of an interpreter with that release.
pub(super) fn packages(release: &str) -> String {
    format!("lib/python{}/site-packages", minor(release))
}

/// `3.11` of `3.11.7`.
fn minor(release: &str) -> String {
    release.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Makes a layer in `folder`, which is not there yet; the folder of its programs.
pub(super) fn make(base: &Base, folder: &Path) -> io::Result<PathBuf> {
    let (minor, packages) = (minor(&base.release), packages(&base.release));
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin)?;
    std::fs::create_dir_all(folder.join(&packages))?;
    let home = base.interpreter.parent().unwrap_or(Path::new("/")).display().to_string();
    let with_system = base.venv.is_none();
    let config = format!("home = {home}\ninclude-system-site-packages = {with_system}\nversion = {}\n", base.release);
    std::fs::write(folder.join("pyvenv.cfg"), config)?;
    symlink(&base.interpreter, bin.join("python"))?;
    for name in ["python3".to_owned(), format!("python{minor}")] {
        symlink("python", bin.join(name))?;
    }
    if let Some(venv) = &base.venv {
        // As a site, since packages that are installed in place are named by `.pth` files there. What pip builds in
        // isolation must not see them: it takes away what this file adds anew, whatever is on the path already. A line
        // that is only a path does, and the call takes nothing else for known.
        let below = venv.join(&packages).display().to_string();
        let quoted = serde_json::Value::String(below.clone());
        let lines = format!("{below}\nimport site; site.addsitedir({quoted}, {{{quoted}}})\n");
        std::fs::write(folder.join(&packages).join("doccheck.pth"), lines)?;
    }
    let python = bin.join("python").display().to_string();
    let script = format!("#!/bin/sh\nexec '{}' -m pip \"$@\"\n", python.replace('\'', r"'\''"));
    for name in ["pip".to_owned(), "pip3".to_owned(), format!("pip{minor}")] {
        let path = bin.join(name);
        std::fs::write(&path, &script)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(bin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::specimen::planned;

    fn needed(code: &str) -> bool {
        is_needed(&planned(&format!("```bash\n{code}\n```\n")).0)
    }

    #[test]
    fn pip_is_called_by_several_names() {
        for code in
            ["pip install x", "python -m pip install x", "cd a && pip3 install .", "x=$(pip list)", "./v/bin/pip list"]
        {
            assert!(needed(code), "{code}");
        }
        for code in ["pipx run x", "mpip-tool x", "echo pipeline", "cat a | grep b"] {
            assert!(!needed(code), "{code}");
        }
    }

    #[test]
    fn a_layer_goes_on_where_the_one_below_has_its_packages() {
        let folder = tempfile::tempdir().unwrap();
        let base =
            Base { interpreter: "/opt/py/bin/python3".into(), release: "3.12.4".into(), venv: Some("/c/e".into()) };
        let bin = make(&base, &folder.path().join("venv")).unwrap();
        let read = |path: &str| std::fs::read_to_string(bin.join(path)).unwrap();
        assert_eq!(
            read("../pyvenv.cfg"),
            "home = /opt/py/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n"
        );
        let below = "/c/e/lib/python3.12/site-packages";
        let lines = format!("{below}\nimport site; site.addsitedir(\"{below}\", {{\"{below}\"}})\n");
        assert_eq!(read("../lib/python3.12/site-packages/doccheck.pth"), lines);
        assert_eq!(std::fs::read_link(bin.join("python")).unwrap(), Path::new("/opt/py/bin/python3"));
        assert!(read("pip3.12").ends_with("/venv/bin/python' -m pip \"$@\"\n"));
    }
}
