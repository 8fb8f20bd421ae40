#![expect(clippy::disallowed_methods, reason = "a package on this machine is files")]

use super::*;
use crate::source::{SourceFile, Span};

fn read(text: &str, family: Family, folder: &Path) -> Result<Requirement, String> {
    Requirement::read(
        &Located { value: text.to_owned(), source: SourceFile::new("page.md", ""), span: Span::new(3, 9) },
        family,
        folder,
    )
}

fn args(requirement: &Requirement) -> Vec<String> {
    requirement.args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect()
}

#[test]
fn names_go_to_the_installer_as_written() {
    for (text, family, name) in [
        ("requests==2.32.5", Family::Python, "requests"),
        ("httpx[http2] >= 0.28; python_version > '3.8'", Family::Python, "httpx"),
        ("p-limit@6.2.0", Family::Node, "p-limit"),
        ("@scope/sdk@1", Family::Node, "@scope/sdk"),
    ] {
        let requirement = read(text, family, Path::new("/nowhere")).expect("it is a package");
        assert_eq!((args(&requirement), requirement.name()), (vec![text.to_owned()], name));
    }
}

#[test]
fn paths_are_relative_to_the_page() {
    let folder = tempfile::tempdir().expect("there is room");
    std::fs::create_dir(folder.path().join("my sdk")).expect("there is room");
    let whole = folder.path().join("my sdk").display().to_string();
    let told = |text, family| args(&read(text, family, folder.path()).expect("it is there"));
    assert_eq!(told("-e ./my sdk", Family::Python), ["-e", &whole]);
    assert_eq!(told("./my sdk[extra]", Family::Python), [format!("{whole}[extra]")]);
    assert_eq!(told("file:my sdk", Family::Node), [format!("file:{whole}")]);
    assert_eq!(told("sdk@file:my sdk", Family::Node), [format!("sdk@file:{whole}")]);
}

#[test]
fn options_and_missing_paths_are_refused() {
    let folder = Path::new("/nowhere");
    assert_eq!(
        read("--index-url=https://x", Family::Python, folder),
        Err("`--index-url=https://x` is not the name of a package".to_owned())
    );
    assert_eq!(read("-e ./sdk", Family::Node, folder), Err("`-e ./sdk` is not the name of a package".to_owned()));
    let missing = read("file:./sdk", Family::Node, folder).expect_err("it is not there");
    assert!(missing.starts_with("`file:./sdk` cannot be installed: there is no /nowhere/"), "{missing}");
}

#[test]
fn a_changed_package_is_another() {
    let folder = tempfile::tempdir().expect("there is room");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("there is room");
        std::fs::write(path, text).expect("there is room");
    };
    let key = |text: &str, family| {
        let mut hash = Sha256::new();
        read(text, family, folder.path()).expect("it is there").digest(family, &mut hash);
        hash.finalize()
    };
    write("pyproject.toml", "a");
    write("sdk.py", "a");
    let (copied, editable) = (key(".", Family::Python), key("-e .", Family::Python));

    write("sdk.egg-info/PKG-INFO", "what building leaves");
    write("__pycache__/sdk.pyc", "what running leaves");
    assert_eq!((key(".", Family::Python), key("-e .", Family::Python)), (copied, editable));

    write("sdk.py", "b");
    assert_ne!(key(".", Family::Python), copied);
    assert_eq!(key("-e .", Family::Python), editable);

    write("more.py", "a");
    assert_ne!(key("-e .", Family::Python), editable);

    write("dist/index.js", "a");
    let built = key("file:.", Family::Node);
    write("dist/index.js", "b");
    assert_ne!(key("file:.", Family::Node), built);
}
