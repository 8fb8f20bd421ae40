use proptest::prelude::*;

use super::Names;
use super::javascript::names as javascript;
use super::python::names as python;

fn defines(names: &Names) -> Vec<&str> {
    names.defines.iter().map(String::as_str).collect()
}

fn reads(names: &Names) -> Vec<&str> {
    names.reads.iter().map(String::as_str).collect()
}

#[track_caller]
fn py(code: &str, defined: &[&str], read: &[&str]) {
    let names = python(code);
    assert_eq!((defines(&names), reads(&names)), (defined.to_vec(), read.to_vec()), "{code}");
}

#[track_caller]
fn js(code: &str, defined: &[&str], read: &[&str]) {
    let names = javascript(code);
    assert_eq!((defines(&names), reads(&names)), (defined.to_vec(), read.to_vec()), "{code}");
}

#[test]
fn python_binds_by_assignment() {
    py("a = 1\nb: int = 2\nc, (d, *e) = f()\n[g, h] = i = 0", &["a", "b", "c", "d", "e", "g", "h", "i"], &["f"]);
    py("x.y = 1\nz[k] = 2", &[], &["k", "x", "z"]);
    py("if (n := size()) > 1: m = n", &["m", "n"], &["size"]);
    py("for i, row in rows: pass", &["i", "row"], &["rows"]);
    py("with open(p) as f, lock: pass", &["f"], &["lock", "p"]);
    py("with (\n  a() as b,\n  c as d,\n): pass", &["b", "d"], &["a", "c"]);
    py("x: Contact", &[], &["Contact"]);
    py("try:\n    go()\nexcept (A, B) as e:\n    print(e)", &["e"], &["A", "B", "go"]);
}

#[test]
fn python_binds_by_import_and_definition() {
    py("import os.path, json as j\nfrom .a import (b as c,\n  d)\nfrom x import *", &["c", "d", "j", "os"], &[]);
    py(
        "@wrap\ndef f(a, b=default, *c: T, **d) -> R:\n    return a + b + c + d",
        &["f"],
        &["R", "T", "default", "wrap"],
    );
    py(
        "class A(Base, metaclass=Meta):\n    x = 1\n    y = x\n    def m(self):\n        return x",
        &["A"],
        &["Base", "Meta", "x"],
    );
    py("async def f():\n    async with s() as r:\n        return await r", &["f"], &["s"]);
    py("def f():\n    global g\n    g = 1\n", &["f", "g"], &[]);
    py("def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return g", &["f"], &[]);
    py("def f[T](x: T): return x", &["f"], &[]);
}

#[test]
fn python_sees_the_order_of_definition_and_use() {
    py("x = 1\nprint(x)", &["x"], &[]);
    py("total = total + 1", &["total"], &["total"]);
    py("total += 1", &["total"], &["total"]);
    py("print(x)\nx = 1", &["x"], &["x"]);
    // A function runs later.
    py("def f():\n    return x\nx = 1\nf()", &["f", "x"], &[]);
    py("f = lambda: x\nx = 1", &["f", "x"], &[]);
    py("del x", &[], &["x"]);
}

#[test]
fn python_local_names_are_no_uses() {
    py("[x * y for x in xs if x for y in x]", &[], &["xs"]);
    py("x = 1\n{k: v for k, v in d.items()}", &["x"], &["d"]);
    py("sorted(xs, key=lambda item, n=m: item[n])", &[], &["m", "xs"]);
    py(
        "def f(data):\n    rows = data\n    for row in rows:\n        print(row)\n    return [r for r in rows]",
        &["f"],
        &[],
    );
    py("f(name=1, other=value)", &[], &["f", "value"]);
    py("a.b.c(d).e", &[], &["a", "d"]);
    py(
        "match command:\n    case Point(x=0, y=yy) if yy > limit:\n        print(yy)\n    case _: pass",
        &["yy"],
        &["Point", "command", "limit"],
    );
    py("match = 1\nprint(match)\ntype = 2\ncase = match", &["case", "match", "type"], &[]);
}

#[test]
fn python_code_inside_strings() {
    py("'x' \"y\" '''z\nw''' r'\\d' b'q'", &[], &[]);
    py("f'{a!r:>{width}} {{no}} {b.c=} {d[\"k\"]}'", &[], &["a", "b", "d", "width"]);
    py("print(f\"\"\"{\n  total\n}\"\"\")", &[], &["total"]);
    py("# x\ny = 1  # z", &["y"], &[]);
    py("f'{len(rows):,} {(lambda q: q)(1)}'", &[], &["rows"]);
    py("f'\\N{GREEK CAPITAL LETTER DELTA}{x}'", &[], &["x"]);
}

#[test]
fn python_builtins_are_no_uses() {
    py("print(len([]), __name__, ValueError, True)", &[], &[]);
    py("if __name__ == \"__main__\":\n    main()", &[], &["main"]);
}

#[test]
fn python_joins_lines() {
    py("x = 1 + \\\n    y", &["x"], &["y"]);
    py("x = (\n  y,\n# z\n)\nw = x", &["w", "x"], &["y"]);
    py("if a: b = 1; c = b", &["b", "c"], &["a"]);
}

#[test]
fn javascript_binds_by_declaration() {
    js("const a = 1, b = a; let c; var d = e", &["a", "b", "c", "d"], &["e"]);
    js("const { a, b: c, ...d } = o; const [e, , f = g] = h", &["a", "c", "d", "e", "f"], &["g", "h", "o"]);
    js("const { data: { items: [first] }, [key]: x = y } = o", &["first", "x"], &["key", "o", "y"]);
    js("function f(a, { b }, ...c) { return a + b + c + d }", &["f"], &["d"]);
    js(
        "async function* g() {}\nclass A extends B { x = y; #p = 1; m(q) { return q + this.#p } static { z() } }",
        &["A", "g"],
        &["B", "y", "z"],
    );
    js("class A extends b.default { [k]() {} }\nclass C {}", &["A", "C"], &["b", "k"]);
    js("export const a = 1\nexport default function b() {}\nexport { c as d }", &["a", "b"], &["c"]);
    js("if (x) { var y = 1; let z = 2 }", &["y"], &["x"]);
}

#[test]
fn javascript_binds_by_import() {
    js("import a, { b as c, default as d } from 'x'\nimport * as e from \"y\"\nimport 'z'", &["a", "c", "d", "e"], &[]);
    js(
        "import data from './d.json' with { type: 'json' }\nconst x = await import('y')\nimport.meta.url",
        &["data", "x"],
        &[],
    );
}

#[test]
fn javascript_own_bindings_hold_everywhere() {
    js("f(); function f() { return x } const x = 1", &["f", "x"], &[]);
    js("count += 1; total = 2", &[], &["count", "total"]);
}

#[test]
fn javascript_local_names_are_no_uses() {
    js("xs.map(x => x.y).filter((a, i) => a > i)", &[], &["xs"]);
    js("for (const [k, v] of Object.entries(o)) console.log(k, v)", &[], &["o"]);
    js("for (let i = 0; i < n; i++) { f(i) }", &[], &["f", "n"]);
    js("for await (const row of rows()) { row }", &[], &["rows"]);
    js("for (x of xs) y(x)", &[], &["x", "xs", "y"]);
    js("try { a() } catch (e) { b(e) } finally { c() }", &[], &["a", "b", "c"]);
    js(
        "f({ key: value, short, [computed]: 1, method(a) { return a }, get g() { return h }, async *i() {}, ...rest })",
        &[],
        &["computed", "f", "h", "rest", "short", "value"],
    );
    js("outer: for (;;) { break outer }", &[], &[]);
    js("const f = async ({ id }) => { const r = await get(id)\n return r }", &["f"], &["get"]);
    js("const g = function h() { return h }, k = class L { m() { return L } }", &["g", "k"], &[]);
    js("switch (a) { case b ? 1 : 2: let d = 1; d; break; default: e() }", &[], &["a", "b", "e"]);
    js("function f(a) { return { a, b: 1 } }\nexport default { c: 2 }", &["f"], &[]);
    js("const a = c ? x => `${x}` : y => y, b = c ? (z) => z : w", &["a", "b"], &["c", "w"]);
    js("for (const k in o) if (k) f(k); else g(k)", &[], &["f", "g", "o"]);
    js("const t = c ? (a) : b", &["t"], &["a", "b", "c"]);
}

#[test]
fn javascript_code_inside_literals() {
    js("`a ${b + `${c}`} d`", &[], &["b", "c"]);
    js("const r = /x[/]y/g.test(s), q = a / b / c", &["q", "r"], &["a", "b", "c", "s"]);
    js("'x' + \"y\" // z\n/* w */", &[], &[]);
    js("tag`x`", &[], &["tag"]);
}

#[test]
fn javascript_ends_statements_at_lines() {
    js("const a = 1\nconst b = c\n  .d()\nlet e\nfoo()", &["a", "b", "e"], &["c", "foo"]);
    js("const f = (x) => x\nconst g = y => {\n}\nz()", &["f", "g"], &["z"]);
    js("const a = f(\n  1,\n  2\n), b = 2", &["a", "b"], &["f"]);
}

#[test]
fn javascript_builtins_are_no_uses() {
    // Modules of Node are no globals in a module.
    js("fs.readFileSync(path); require('x'); module", &[], &["fs", "module", "path", "require"]);
    js("console.log(process.env.X, JSON, fetch, URL, undefined, globalThis, setTimeout)", &[], &[]);
}

#[test]
fn typescript_types_are_no_bindings() {
    js("interface A { x: string }\ntype B = { y: number } | A\nconst z = 1", &["z"], &[]);
    js("import type { C } from 'c'\nimport { type D, e } from 'd'", &["e"], &[]);
    js(
        "enum Color { Red, Blue = 4 }\nnamespace N { export const x = 1 }\nabstract class K {}",
        &["Color", "K", "N"],
        &[],
    );
    js("declare const q: string;\ndeclare function w(): void;\nlet r = 1", &["r"], &[]);
    js("const rows: Array<Record<string, number>> = load(), n: number = 1", &["n", "rows"], &["load"]);
}

#[test]
fn typescript_annotations_leave_parameters_alone() {
    js("async function f<T>(a: { b: string }, c?: number, d = 1): Promise<T[]> {\n  return [a, c, d]\n}", &["f"], &[]);
    js("const g = (a: string, b?: number): Promise<void> => { go(a, b) }", &["g"], &["go"]);
    js("function h(): { x: number } { return inner }", &["h"], &["inner"]);
    js(
        "class P { constructor(private readonly api: Api, public n = 1) {} get(): string { return this.n } opt?: number; m!: string = v }",
        &["P"],
        &["v"],
    );
    js("const x = (y as { z: string }).z!", &["x"], &["string", "y"]);
}

#[test]
fn deep_nests_do_not_exhaust_the_stack() {
    for open in ["(", "[", "{", "f'{", "`${", "x=>", "if x:", "function f(){", "({a:", "lambda:", "class A{x=", "[{a:["]
    {
        let code = open.repeat(5_000);
        python(&code);
        javascript(&code);
    }
}

fn code() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "`",
        "${",
        "f'",
        "f\"{",
        "\\",
        "\n",
        "    ",
        ":",
        "=",
        "=>",
        ",",
        ";",
        ".",
        "...",
        "?",
        "<",
        ">",
        "*",
        "/",
        "#",
        "//",
        "/*",
        "!",
        "@",
        "->",
        ":=",
        "+=",
        "x",
        "y",
        "1",
        "def ",
        "class ",
        "lambda ",
        "for ",
        "in ",
        "if ",
        "else",
        "import ",
        "from ",
        "as ",
        "with ",
        "except ",
        "match ",
        "case ",
        "global ",
        "type ",
        "const ",
        "let ",
        "var ",
        "function ",
        "async ",
        "await ",
        "export ",
        "default ",
        "enum ",
        "interface ",
        "namespace ",
        "declare ",
        "catch",
        "static ",
        "switch",
        "return ",
        "of ",
        "using ",
        "extends ",
        "é",
        "\u{1f600}",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        python(&text);
        javascript(&text);
    }

    #[test]
    fn no_broken_code_makes_it_panic(text in code()) {
        python(&text);
        javascript(&text);
    }
}
