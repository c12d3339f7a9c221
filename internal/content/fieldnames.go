package content

import (
	"regexp"
	"strconv"
	"strings"

	"ledgerline/internal/record"
)

// visitFieldNames calls visit for every place below n that names a field by its
// internal name, and writes back what it returns.
func visitFieldNames(n *node, visit func(name string) string) {
	n.walk(func(n *node) {
		switch n.name {
		case "FieldName", "ExtFieldName", "BaseFieldName":
			n.text = visitWord(n.text, visit)
		case "InputField", "OutputField":
			if s := n.attr("service"); s == "" || s == "FIELD" {
				n.text = visitWord(n.text, visit)
			}
		case "RegexExpression":
			n.text = visitCaptures(n.text, visit)
		case "Condition", "BlockCondition", "TagCondition", "ConditionTags":
			for i, a := range n.attrs {
				if a.Name.Local == "field" || a.Name.Local == "tagField" {
					n.attrs[i].Value = visitWord(a.Value, visit)
				}
			}
		}
	})
}

func visitWord(text string, visit func(string) string) string {
	name := strings.TrimSpace(text)
	if name == "" {
		return text
	}
	return visit(name)
}

// visitCaptures does the same for the {name:regex} captures of an expression.
func visitCaptures(expr string, visit func(string) string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(expr); i++ {
		c := expr[i]
		switch {
		case c == '\\' && i+1 < len(expr):
			b.WriteByte(c)
			i++
			c = expr[i]
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if strings.HasPrefix(expr[i+1:], "^") {
				b.WriteByte(c)
				i++
				c = '^'
			}
			if strings.HasPrefix(expr[i+1:], "]") {
				b.WriteByte(c) // a bracket that comes first is literal
				i++
				c = ']'
			}
		case c == '{':
			if m := captureName.FindStringSubmatch(expr[i:]); m != nil {
				b.WriteString("{" + visit(m[1]) + ":")
				i += len(m[0]) - 1
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Internal names of fields that users define, by type. Oracle allocates them so.
var userFieldPrefix = map[record.Type]string{
	record.String: "udfs", record.Long: "udfl", record.Integer: "udfi",
	record.Float: "udff", record.Double: "udfdbl", record.Timestamp: "udfd",
}

var userFieldName = regexp.MustCompile(`^(udfs|udfl|udfi|udff|udfdbl|udfd)([1-9][0-9]{0,8})$`)

// userField splits an internal name such as udfs12.
func userField(name string) (t record.Type, number int, ok bool) {
	m := userFieldName.FindStringSubmatch(name)
	if m == nil {
		return 0, 0, false
	}
	number, _ = strconv.Atoi(m[2])
	for t, p := range userFieldPrefix {
		if p == m[1] {
			return t, number, true
		}
	}
	return 0, 0, false
}

// freshFieldName returns the wanted name when it is free and suits the type,
// else one above all numbers in use: a name is never given twice, because
// segments keep the columns of fields that were removed.
func (s *snapshot) freshFieldName(t record.Type, wanted string) string {
	wanted = strings.ToLower(wanted)
	wt, _, user := userField(wanted)
	if _, taken := s.fields.internal(wanted); !taken && !s.retired[wanted] && columnName.MatchString(wanted) && (!user || wt == t) {
		return wanted
	}
	highest := 0
	look := func(name string) {
		if nt, n, ok := userField(name); ok && nt == t {
			highest = max(highest, n)
		}
	}
	for name := range s.fields.byName {
		look(name)
	}
	for name := range s.retired {
		look(name)
	}
	return userFieldPrefix[t] + strconv.Itoa(highest+1)
}

// columnName says whether a name may be the column of a segment.
var columnName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
