package content

import (
	"slices"
	"strings"
	"unicode"
)

// Services send one record in several shapes: bare or wrapped, userId or userid.
// So wherever a JSON parser has a path, as its entry path or of a field,
// Ledgerline takes alternatives: $.logContent.data.userId|$.data.userId. The
// first that selects something counts.
//
// Oracle's service knows one path only. An export therefore writes the last
// alternative where Oracle looks for it, and those before it in a processing
// instruction, which readers of XML pass over.

const instructionTarget = "ledgerline"

// splitPath separates alternatives. A bar separates when a path follows it; in
// a member's name it is part of the name.
func splitPath(path string) []string {
	var out []string
	from, quote := 0, byte(0)
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case quote != 0:
			if c == quote && strings.HasPrefix(path[i+1:], "]") {
				quote = 0
			}
		case (c == '\'' || c == '"') && i > 0 && path[i-1] == '[':
			quote = c
		case c == '|':
			next := strings.TrimLeft(path[i+1:], " \t\r\n")
			if strings.HasPrefix(next, "$") || strings.HasPrefix(next, "^$") {
				out = append(out, strings.TrimSpace(path[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(path[from:]))
}

// tidyPath drops the blanks around alternatives, so that equal paths are equal texts.
func tidyPath(path string) string {
	parts := splitPath(path)
	if len(parts) == 1 {
		return path
	}
	return strings.Join(parts, "|")
}

// addPath writes a path below n, the element being the one Oracle knows.
func (n *node) addPath(element string, kind ParserKind, path string) *node {
	if kind != JSON {
		return n.optional(element, path)
	}
	parts := splitPath(path)
	last := len(parts) - 1
	before := strings.Join(parts[:last], "|")
	if before == "" || strings.Contains(before, "?>") || strings.ContainsFunc(before, unicode.IsControl) {
		return n.optional(element, path)
	}
	return n.optional(element, parts[last]).add(leaf("?"+instructionTarget, before))
}

// path reads what addPath wrote.
func (n *node) path(element string, kind ParserKind) string {
	path := n.value(element)
	if kind != JSON {
		return path
	}
	if before := n.value("?" + instructionTarget); before != "" {
		path = strings.ToValidUTF8(before, "\uFFFD") + "|" + path
	}
	return tidyPath(path)
}

// takesInstruction says of which elements instructions are read.
func takesInstruction(n *node) bool {
	return slices.Contains([]string{"Parser", "ParserField"}, n.name)
}
