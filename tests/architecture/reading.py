"""Reads C++ and CMake just well enough for the checks beside it: no compiler, no build folder."""

import re
from pathlib import Path

TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\[^\n]*?|[^\'\\\n])\'', re.S
)


def blank(text, strings=True):
    """The text with its comments, and its strings too if asked, made of spaces: every offset and line stays."""

    def spaces(token):
        if not strings and token[0][0] != "/":
            return token[0]
        return re.sub(r"[^\n]", " ", token[0])

    return TOKEN.sub(spaces, text)


def line_of(text, at):
    return text.count("\n", 0, at) + 1


# -- functions of a C++ file ------------------------------------------------------------------------------------------


def closing(code, at):
    """The offset of the bracket that closes the one at `at`; the end of the text if none does."""
    pair = {"(": ")", "{": "}"}[code[at]]
    depth = 0
    for mark in re.compile(rf"[{re.escape(code[at] + pair)}]").finditer(code, at):
        depth += 1 if mark[0] == code[at] else -1
        if depth == 0:
            return mark.start()
    return len(code) - 1


def without_template(head):
    """The head of a declaration without its template parameters."""
    while opened := re.search(r"\btemplate\s*<", head):
        depth, at = 1, opened.end()
        while depth and at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[: opened.start()] + head[at:]
    return re.sub(r"\boperator\s*[^\s\w(]{1,3}", "operator_", head)


def kind_of(head):
    """What the brace after this head opens; parentheses in the head are collapsed to `()`."""
    head = without_template(head)
    if re.search(r"\bnamespace\b[\s\w:]*$", head) or re.search(r"\bextern\s*$", head):
        return "scope"
    if re.search(r"\b(struct|class|union|enum)\b[^()=]*$", head):
        return "scope"
    if re.search(r"\)\s*(noexcept\s*(\(\)\s*)?)?:(?!:)[^;]*[\w>]\s*$", head):
        return "member initialiser"
    if re.search(r"=\s*\[[^\]]*\]\s*(\(\))?", head):
        return "function"
    return "function" if "()" in head and "=" not in head else "value"


def functions(text):
    """(name, first line, last line, statements) of each function: lambdas count in the function they stand in."""
    code = blank(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), code, flags=re.M)
    head, declarator, at = "", 0, 0
    for mark in iter(lambda: re.compile(r"[(){};]").search(code, at), None):
        head += code[at : mark.start()]
        at = mark.end()
        if mark[0] in ";})":
            head = ""
        elif mark[0] == "(":
            declarator = mark.start()
            at = closing(code, mark.start()) + 1
            head += "()"
        elif (kind := kind_of(head)) == "scope":
            head = ""
        else:
            end = closing(code, mark.start())
            at = end + 1
            if kind == "function":
                name = re.search(r"([\w:~]+)\s*\(\)", without_template(head))
                statements = code.count(";", mark.start(), end)
                yield name[1] if name else "lambda", line_of(code, declarator), line_of(code, end), statements
                head = ""
            else:
                head += "{}"


# -- sources named by CMake -------------------------------------------------------------------------------------------

COMMAND = re.compile(r'(\w+)\s*\(((?:"(?:\\.|[^"\\])*"|\([^()]*\)|[^()"])*)\)', re.S)
ARGUMENT = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s"]+)', re.S)
SOURCES = (".cpp", ".cc", ".c", ".S")


class CMake:
    """Follows the CMakeLists.txt of a tree from its root, taking every branch, and collects the sources they name."""

    def __init__(self, root):
        self.root = root.resolve()
        self.functions = {}
        self.sources = set()
        self.add_folder(self.root)

    def add_folder(self, folder):
        self.run(self.commands(folder / "CMakeLists.txt"), folder, {})

    def commands(self, path):
        if not path.is_file():
            return []
        text = re.sub(r"#[^\n]*", "", path.read_text(encoding="utf-8"))
        return [(c[1].lower(), [a[1] if a[1] is not None else a[2] for a in ARGUMENT.finditer(c[2])])
                for c in COMMAND.finditer(text)]

    def expand(self, argument, folder, variables):
        """An argument with its variables replaced, as the list that CMake makes of it."""
        places = {
            "PROJECT_SOURCE_DIR": [str(self.root)],
            "CMAKE_SOURCE_DIR": [str(self.root)],
            "CMAKE_CURRENT_SOURCE_DIR": [str(folder)],
            "CMAKE_CURRENT_LIST_DIR": [str(folder)],
        }
        known = places | variables
        return re.sub(r"\$\{(\w+)\}", lambda v: ";".join(known.get(v[1], [])), argument).split(";")

    def run(self, commands, folder, variables):
        at = 0
        while at < len(commands):
            name, raw = commands[at]
            at += 1
            args = [value for argument in raw for value in self.expand(argument, folder, variables)]
            if name in ("function", "macro", "foreach"):
                end = self.end_of(commands, at, name)
                body, at = commands[at:end], end + 1
                if name == "foreach":
                    values = [v for v in args[1:] if v not in ("IN", "ITEMS", "LISTS")]
                    if "LISTS" in args:
                        values = [v for name_ in values for v in variables.get(name_, [])]
                    for value in values:
                        self.run(body, folder, variables | {args[0]: [value]})
                else:
                    self.functions[args[0].lower()] = (args[1:], body)
            elif name in self.functions:
                parameters, body = self.functions[name]
                bound = {p: [a] for p, a in zip(parameters, args)} | {"ARGV": args, "ARGN": args[len(parameters) :]}
                self.name(args, folder)
                self.run(body, folder, variables | bound)
            else:
                self.command(name, args, folder, variables)

    @staticmethod
    def end_of(commands, at, opened):
        depth = 1
        for end in range(at, len(commands)):
            depth += {opened: 1, "end" + opened: -1}.get(commands[end][0], 0)
            if depth == 0:
                return end
        return len(commands)

    def command(self, name, args, folder, variables):
        if name == "add_subdirectory" and args:
            self.add_folder((folder / args[0]).resolve())
        elif name == "include" and args:
            module = self.root / "cmake" / f"{args[0]}.cmake"
            path = module if module.is_file() else folder / args[0]
            self.run(self.commands(path), folder, variables)
        elif name == "set" and args:
            variables[args[0]] = args[1:]
        elif name == "list" and args[:1] == ["APPEND"]:
            variables[args[1]] = variables.get(args[1], []) + args[2:]
        elif name == "file" and args and args[0].startswith("GLOB"):
            patterns = [a for a in args[2:] if a != "CONFIGURE_DEPENDS"]
            variables[args[1]] = [f for p in patterns for f in self.glob(folder, p, args[0] == "GLOB_RECURSE")]
            self.name(variables[args[1]], folder)
            return
        self.name(args, folder)

    def glob(self, folder, pattern, recursive):
        base, _, last = pattern.rpartition("/")
        place = folder / base
        return [str(f) for f in (place.rglob(last) if recursive else place.glob(last))]

    def name(self, args, folder):
        for a in args:
            if a.endswith(SOURCES):
                self.sources.add(Path(folder, a).resolve())
