package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// reader walks the syntax tree of a file and collects problems.
type reader struct {
	file     string
	dir      string // relative paths start here
	env      func(string) (string, bool)
	problems Problems
}

func (r *reader) problem(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Message: fmt.Sprintf(format, args...)})
}

// section is one mapping of the file. Keys are taken one by one; what is left
// when done is unknown.
type section struct {
	r      *reader
	path   string // dotted, for messages
	line   int
	values map[string]ast.Node
	lines  map[string]int
	order  []string
	known  []string
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// section reads n as a mapping; it returns an empty one, and a problem, for anything else.
func (r *reader) section(path string, n ast.Node, line int) *section {
	s := &section{r: r, path: path, line: line, values: map[string]ast.Node{}, lines: map[string]int{}}
	var pairs []*ast.MappingValueNode
	switch m := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		pairs = m.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{m}
	default:
		r.problem(lineOf(n), "%s must be a mapping of keys to values", orFile(path))
	}
	for _, p := range pairs {
		key := p.Key.GetToken().Value
		if _, twice := s.values[key]; twice {
			r.problem(lineOf(p.Key), "%s is given twice; keep one", s.at(key))
		}
		s.values[key], s.lines[key] = p.Value, lineOf(p.Key)
		s.order = append(s.order, key)
	}
	return s
}

func orFile(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

func (s *section) at(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

// node takes a key. Without the key, or with an empty value, it returns nil.
func (s *section) node(key string) ast.Node {
	s.known = append(s.known, key)
	n := s.values[key]
	if _, null := n.(*ast.NullNode); null {
		return nil
	}
	return n
}

func (s *section) lineAt(key string) int {
	if l := s.lines[key]; l > 0 {
		return l
	}
	return s.line
}

// done reports the keys nobody took.
func (s *section) done() {
	for _, key := range s.order {
		if slices.Contains(s.known, key) {
			continue
		}
		if like, ok := nearest(key, s.known); ok {
			s.r.problem(s.lines[key], "unknown key %s; did you mean %s?", s.at(key), like)
			continue
		}
		s.r.problem(s.lines[key], "unknown key %s; known here: %s", s.at(key), strings.Join(s.known, ", "))
	}
}

func (s *section) sub(key string) (*section, bool) {
	n := s.node(key)
	return s.r.section(s.at(key), n, s.lineAt(key)), n != nil
}

// scalar returns the text of a scalar with ${NAME} replaced from the environment.
func (s *section) scalar(key string, n ast.Node) (string, bool) {
	var text string
	switch v := n.(type) {
	case *ast.StringNode:
		text = v.Value
	case *ast.LiteralNode:
		text = v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		text = n.GetToken().Value
	default:
		s.r.problem(lineOf(n), "%s must be a single value", s.at(key))
		return "", false
	}
	return s.r.expand(text, lineOf(n), s.at(key)), true
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

func (r *reader) expand(text string, line int, path string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		value, ok := r.env(name)
		if !ok {
			r.problem(line, "%s: environment variable %s is not set; export it or write the value", path, name)
		}
		return value
	})
}

func (s *section) str(key, fallback string) string {
	n := s.node(key)
	if n == nil {
		return fallback
	}
	text, _ := s.scalar(key, n)
	return text
}

func (s *section) need(key, example string) string {
	n := s.node(key)
	if n == nil {
		s.r.problem(s.lineAt(key), "%s is missing; write for instance %s: %s", s.at(key), key, example)
		return ""
	}
	text, ok := s.scalar(key, n)
	if ok && strings.TrimSpace(text) == "" {
		s.r.problem(lineOf(n), "%s is empty; write for instance %s: %s", s.at(key), key, example)
	}
	return text
}

func (s *section) oneOf(key string, choices ...string) string {
	v := s.str(key, choices[0])
	if !slices.Contains(choices, v) {
		s.r.problem(s.lineAt(key), "%s is %q; write one of %s", s.at(key), v, strings.Join(choices, ", "))
	}
	return v
}

func (s *section) whole(key string, fallback, least, most int) int {
	n := s.node(key)
	if n == nil {
		return fallback
	}
	text, _ := s.scalar(key, n)
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		s.r.problem(s.lineAt(key), "%s is %q; write a whole number from %d to %d", s.at(key), text, least, most)
		return fallback
	}
	return v
}

func (s *section) duration(key string, fallback, least time.Duration) time.Duration {
	n := s.node(key)
	if n == nil {
		return fallback
	}
	text, _ := s.scalar(key, n)
	d, err := ParseDuration(text)
	switch {
	case err != nil:
		s.r.problem(s.lineAt(key), "%s: %v", s.at(key), err)
		return fallback
	case d < least:
		s.r.problem(s.lineAt(key), "%s is %s; write at least %s", s.at(key), text, least)
		return fallback
	}
	return d
}

var bytesPattern = regexp.MustCompile(`^(\d+)\s*(kB|KB|MB|GB)?$`)

func (s *section) bytes(key string, fallback int64) int64 {
	n := s.node(key)
	if n == nil {
		return fallback
	}
	text, _ := s.scalar(key, n)
	m := bytesPattern.FindStringSubmatch(text)
	if m == nil {
		s.r.problem(s.lineAt(key), "%s is %q; write a size such as 200MB", s.at(key), text)
		return fallback
	}
	v, _ := strconv.ParseInt(m[1], 10, 40)
	return v * map[string]int64{"": 1, "kB": 1 << 10, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}[m[2]]
}

// list returns the elements of a sequence; a lone mapping counts as a list of one.
func (s *section) list(key string) []*section {
	var nodes []ast.Node
	switch v := s.node(key).(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		nodes = v.Values
	default:
		nodes = []ast.Node{v}
	}
	out := make([]*section, len(nodes))
	for i, n := range nodes {
		out[i] = s.r.section(fmt.Sprintf("%s[%d]", s.at(key), i), n, lineOf(n))
	}
	return out
}

// strings returns the texts of a sequence; a lone text counts as a list of one.
func (s *section) strings(key string) []string {
	nodes := []ast.Node{s.node(key)}
	switch v := nodes[0].(type) {
	case nil:
		return nil
	case *ast.SequenceNode:
		nodes = v.Values
	}
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i], _ = s.scalar(fmt.Sprintf("%s[%d]", key, i), n)
	}
	return out
}

// path resolves a file name against the file's folder and the home directory.
func (r *reader) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok {
		if home, ok := r.env("HOME"); ok {
			return filepath.Join(home, rest)
		}
	}
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(r.dir, name)
}

// file reads a file named by a key and reports when it cannot.
func (s *section) file(key, name string) []byte {
	b, err := os.ReadFile(s.r.path(name))
	if err != nil {
		s.r.problem(s.lineAt(key), "%s: %v; name a file that this user can read", s.at(key), err)
	}
	return b
}

var durationPart = regexp.MustCompile(`^(\d+)(ms|s|m|h|d|w)`)

// ParseDuration reads durations such as 90s, 5m, 1h30m, 400d or 2w.
func ParseDuration(text string) (time.Duration, error) {
	units := map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": Day, "w": 7 * Day}
	var total time.Duration
	for rest := text; ; {
		m := durationPart.FindStringSubmatch(rest)
		if m == nil {
			return 0, fmt.Errorf("%q is not a duration; write for instance 90s, 5m, 1h or 400d", text)
		}
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err != nil || n > int64(100*365*Day/units[m[2]]) {
			return 0, fmt.Errorf("%q is too long; write at most 100 years", text)
		}
		total += time.Duration(n) * units[m[2]]
		if rest = rest[len(m[0]):]; rest == "" {
			return total, nil
		}
	}
}
