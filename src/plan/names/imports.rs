//! What the code on a page imports: for its languages, for the files that it saves, and for the programs that stand in
//! shell commands.
//!
//! An import that stands in a text of a program, where nobody runs it, is taken for one too: that does no harm.

use super::javascript::lexer::{self, Kind, Token};
use crate::plan::{Action, Language, Plan};
use crate::sandbox::Ecosystem;
use crate::source::Span;

/// A package or module that code on the page imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Whose programs import it.
    pub ecosystem: Ecosystem,
    /// A package of Node (`@scope/name`, without what follows), a top-level module of Python.
    pub module: String,
    /// The line of the page where it stands.
    pub place: Span,
}

/// What `plan`'s steps and files import from outside, in the order of the page.
pub fn imports(plan: &Plan) -> Vec<Import> {
    let mut found = Vec::new();
    for action in &plan.actions {
        let (code, kinds) = match action {
            Action::Step(step) if step.skip.is_none() => (&step.code, kinds(step.language)),
            Action::Step(_) => continue,
            Action::File(file) => (&plan.tutorial.fences[file.fence].code, kinds_of_file(&file.path.value)),
        };
        found.extend(read(&code.text, kinds).into_iter().map(|(line, ecosystem, module)| Import {
            ecosystem,
            module,
            place: code.lines.get(line).copied().unwrap_or_default(),
        }));
    }
    found
}

/// True where the file at `path` may hold a program that imports something.
pub fn may_import(path: &str) -> bool {
    !kinds_of_file(path).is_empty()
}

/// What the file at `path`, which holds `text`, imports from outside.
pub fn imports_of_file(path: &str, text: &str) -> Vec<(Ecosystem, String)> {
    let found = read(text, kinds_of_file(path));
    found.into_iter().map(|(_, ecosystem, module)| (ecosystem, module)).collect()
}

/// What `text` imports, each with the 0-based line where it stands.
fn read(text: &str, kinds: &[Ecosystem]) -> Vec<(usize, Ecosystem, String)> {
    let modules = |kind: &Ecosystem| {
        let found = match kind {
            Ecosystem::Node => javascript(text),
            Ecosystem::Python => python(text),
        };
        let kind = *kind;
        found.into_iter().map(move |(line, module)| (line, kind, module))
    };
    let mut found: Vec<_> = kinds.iter().flat_map(modules).collect();
    found.sort_by_key(|(line, ..)| *line);
    found
}

fn kinds(language: Language) -> &'static [Ecosystem] {
    match language {
        Language::Python | Language::Pycon => &[Ecosystem::Python],
        Language::JavaScript | Language::TypeScript => &[Ecosystem::Node],
        // Here-documents, `python -c` and `node -e` hold programs.
        Language::Shell | Language::Console => &Ecosystem::ALL,
        Language::Http => &[],
    }
}

fn kinds_of_file(path: &str) -> &'static [Ecosystem] {
    match path.rsplit('.').next() {
        Some("py" | "pyi") => &[Ecosystem::Python],
        Some("js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx") => &[Ecosystem::Node],
        Some("sh" | "bash") => &Ecosystem::ALL,
        _ => &[],
    }
}

/// `import … from 'x'`, `import 'x'`, `import('x')`, `export … from 'x'`, `require('x')`.
fn javascript(text: &str) -> Vec<(usize, String)> {
    let characters: Vec<char> = text.chars().collect();
    let found = specifiers(&characters).into_iter();
    found.filter_map(|(line, specifier)| Some((line, package(&specifier)?))).collect()
}

/// Each string that is imported, with the 0-based line where it stands. In another string may stand a whole program.
fn specifiers(characters: &[char]) -> Vec<(usize, String)> {
    let text: String = characters.iter().collect();
    let tokens = lexer::tokens(&text);
    let line = |at: usize| characters[..at.min(characters.len())].iter().filter(|c| **c == '\n').count();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(inside) = string(token, characters) else { continue };
        if is_imported(&tokens[..at]) {
            found.push((line(token.start), inside.iter().collect()));
        } else if inside.iter().any(|c| matches!(c, '"' | '\'')) {
            found.extend(specifiers(inside).into_iter().map(|(more, name)| (line(token.start) + more, name)));
        }
    }
    found
}

/// The inside of a string.
fn string<'c>(token: &Token, characters: &'c [char]) -> Option<&'c [char]> {
    let text = characters.get(token.start..token.end).filter(|text| text.len() >= 2)?;
    let quoted = token.kind == Kind::Literal && matches!(text[0], '"' | '\'') && text[0] == text[text.len() - 1];
    quoted.then(|| &text[1..text.len() - 1])
}

/// True where a string after these tokens is the name of a module.
fn is_imported(before: &[Token]) -> bool {
    let word = |back: usize| match before.iter().nth_back(back).map(|token| &token.kind) {
        Some(Kind::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let called = before.last().is_some_and(|token| token.kind == Kind::Open('('));
    matches!(word(0), Some("from" | "import")) || (called && matches!(word(1), Some("import" | "require")))
}

/// The package that a specifier names; none for a path, an address or a part of Node.
fn package(specifier: &str) -> Option<String> {
    if specifier.starts_with(['.', '/', '#']) || specifier.contains(':') || specifier.is_empty() {
        return None;
    }
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    Some(specifier.split('/').take(parts).collect::<Vec<_>>().join("/"))
}

/// `import a.b as c, d`, `from a.b import c`, each at the start of a line or of a statement on it.
fn python(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in text.lines().enumerate() {
        for statement in text.split([';', '"', '\'']) {
            let statement = statement.trim_start().trim_start_matches(">>>").trim_start();
            found.extend(imported(statement).into_iter().map(|module| (line, module.to_owned())));
        }
    }
    found
}

/// The top-level modules that one statement imports.
fn imported(statement: &str) -> Vec<&str> {
    let end = |name: &str| name.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(name.len());
    let names: Vec<&str> = match statement.split_once([' ', '\t']) {
        Some(("import", rest)) => rest.split(',').map(str::trim_start).collect(),
        Some(("from", rest)) if rest.split_whitespace().nth(1) == Some("import") => vec![rest.trim_start()],
        _ => Vec::new(),
    };
    names.into_iter().map(|name| &name[..end(name)]).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::specimen::planned;

    /// What a page imports: the module and the page's line.
    fn told(page: &str) -> Vec<String> {
        let (plan, _) = planned(page);
        let source = &plan.tutorial.source;
        let told =
            imports(&plan).into_iter().map(|import| format!("{} {}", source.line(import.place.start), import.module));
        told.collect()
    }

    fn in_fence(info: &str, code: &str) -> Vec<String> {
        told(&format!("```{info}\n{code}\n```\n"))
    }

    #[test]
    fn javascript_imports_by_every_form() {
        let code = "import { a } from '@acme/sdk'\nimport {\n  b,\n} from \"p-limit\"\nimport 'side-effect/deep.js'\n\
                    const c = await import('@acme/other/part')\nexport { d } from 'again'\n\
                    const e = require('old')\n// import x from 'comment'\nconst f = `import 'template'`";
        assert_eq!(
            in_fence("typescript", code),
            ["2 @acme/sdk", "5 p-limit", "6 side-effect", "7 @acme/other", "8 again", "9 old"]
        );
        let own = "import fs from 'node:fs'\nimport a from './a.js'\nimport b from '#b'\nconsole.log('from', 'x')";
        assert_eq!(in_fence("js", own), [""; 0]);
    }

    #[test]
    fn python_imports_by_both_forms() {
        let code = "import os.path, acme as a\nfrom acme.deep import x\nif x: pass\ntry:\n    import other; import third\n\
                    except ImportError: pass\nfrom . import own\n# import comment\nprint('from here')";
        assert_eq!(in_fence("python", code), ["2 os", "2 acme", "3 acme", "6 other", "6 third"]);
        assert_eq!(in_fence("pycon", ">>> from acme import x\n>>> x\n1"), ["2 acme"]);
    }

    #[test]
    fn programs_in_shell_commands_and_files_import_too() {
        let page = "```bash\npython3 - <<'EOF'\nfrom acme import x\nEOF\npython3 -c 'import one; print(1)'\n\
                    node -e \"import { y } from '@acme/sdk'\"\n```\n\n\
                    ```js title=\"app.mjs\"\nimport z from 'z'\n```\n\n```bash\nnode app.mjs\n```\n";
        assert_eq!(told(page), ["3 acme", "5 one", "6 @acme/sdk", "10 z"]);
    }

    #[test]
    fn what_is_not_run_imports_nothing() {
        assert_eq!(told("<!-- doccheck: skip -->\n\n```python\nimport acme\n```\n"), [""; 0]);
        assert_eq!(told("```json\n{\"a\": \"import 'x'\"}\n```\n"), [""; 0]);
    }
}
