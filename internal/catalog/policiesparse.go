package catalog

import (
	"fmt"
	"regexp"
	"strings"
)

// Verb is what a statement allows; each includes those before it.
type Verb uint8

// The verbs of Oracle's policies. None allows nothing.
const (
	None Verb = iota
	Inspect
	Read
	Use
	Manage
)

// Resource is a family of things that statements speak of.
type Resource uint8

// Features are queries, log sources, parsers, fields, labels, lookups and the
// like; LogGroups the log entries and what was uploaded.
const (
	Features Resource = iota
	LogGroups
	Dashboards
	allResources
)

// statement is one parsed line of a policy: Allow <subject> to <verb> <resource>
// in tenancy [where <condition>].
type statement struct {
	anyUser  bool
	groups   []string
	verb     Verb
	resource Resource
	where    *condition
}

// condition restricts a statement to some log groups.
type condition struct {
	all   bool        // of parts; else any of them
	parts []condition // of any {…} and all {…}
	not   bool
	ids   []string // the log group is one of these; used when there are no parts
}

const groupVariable = "target.loganalytics-log-group.id"

// Bounds of a statement.
const (
	maxStatement = 4000
	maxNesting   = 8
)

// resourceNames holds short names, and Oracle's for the same things.
func resourceNames() map[string]Resource {
	return map[string]Resource{
		"loganalytics-features-family": Features,
		"log-groups":                   LogGroups, "loganalytics-log-group": LogGroups, "loganalytics-resources-family": LogGroups,
		"dashboards": Dashboards, "management-dashboard-family": Dashboards,
		"all-resources": allResources,
	}
}

// Source: "Policy Syntax" and "Conditions" of Oracle's documentation
// (https://docs.oracle.com/iaas/Content/Identity/Concepts/policysyntax.htm); what
// this server has no use for is refused, never passed over.
func parseStatement(text string) (statement, error) {
	p := &policyParser{}
	if len(text) > maxStatement {
		return statement{}, fmt.Errorf("at most %d bytes", maxStatement)
	}
	var err error
	if p.words, err = policyWords(text); err != nil {
		return statement{}, err
	}
	st, err := p.statement()
	if err != nil {
		return statement{}, fmt.Errorf("%w; write: Allow group <name> to {read|use|manage} {loganalytics-features-family|log-groups|dashboards} in tenancy [where %s = '<ocid>']", err, groupVariable)
	}
	return st, nil
}

type policyWord struct {
	text   string
	quoted bool
}

var policyToken = regexp.MustCompile(`^(?:\s+|'([^']*)'|([{}(),/]|!=|=)|([^\s'{}(),/=!]+))`)

func policyWords(text string) ([]policyWord, error) {
	var out []policyWord
	for text != "" {
		m := policyToken.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%.20q cannot be read", text)
		}
		text = text[len(m[0]):]
		switch {
		case strings.HasPrefix(m[0], "'"):
			out = append(out, policyWord{m[1], true})
		case m[2]+m[3] != "":
			out = append(out, policyWord{m[2] + m[3], false})
		}
	}
	return out, nil
}

type policyParser struct {
	words []policyWord
	depth int
}

// peek reports whether the next word is one of these, unquoted, in any letter case.
func (p *policyParser) peek(texts ...string) bool {
	if len(p.words) == 0 || p.words[0].quoted {
		return false
	}
	for _, t := range texts {
		if strings.EqualFold(p.words[0].text, t) {
			return true
		}
	}
	return false
}

func (p *policyParser) take(texts ...string) bool {
	if !p.peek(texts...) {
		return false
	}
	p.words = p.words[1:]
	return true
}

func (p *policyParser) expect(texts ...string) error {
	for _, t := range texts {
		if !p.take(t) {
			return fmt.Errorf("%s is expected %s", t, p.where())
		}
	}
	return nil
}

// where names the place of a mistake.
func (p *policyParser) where() string {
	if len(p.words) == 0 {
		return "at the end"
	}
	return fmt.Sprintf("before %.100q", p.words[0].text)
}

func (p *policyParser) word() (policyWord, error) {
	if len(p.words) == 0 {
		return policyWord{}, fmt.Errorf("something is missing at the end")
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w, nil
}

func (p *policyParser) statement() (statement, error) {
	var st statement
	if err := p.expect("allow"); err != nil {
		return st, err
	}
	switch {
	case p.take("any-user"):
		st.anyUser = true
	case p.take("group"):
		if err := p.subjects(&st); err != nil {
			return st, err
		}
	default:
		return st, fmt.Errorf("group or any-user is expected %s", p.where())
	}
	if err := p.expect("to"); err != nil {
		return st, err
	}
	if err := p.what(&st); err != nil {
		return st, err
	}
	if err := p.expect("in", "tenancy"); err != nil {
		return st, err
	}
	if p.take("where") {
		if st.resource == Features || st.resource == Dashboards {
			return st, fmt.Errorf("a condition goes with log-groups only")
		}
		c, err := p.condition()
		if err != nil {
			return st, err
		}
		st.where = &c
	}
	if len(p.words) > 0 {
		return st, fmt.Errorf("%.100q is too much", p.words[0].text)
	}
	return st, nil
}

// subjects reads names of groups. A name may follow that of its identity domain
// and a slash; here all groups are of one domain.
func (p *policyParser) subjects(st *statement) error {
	for {
		w, err := p.word()
		if err != nil {
			return err
		}
		if p.take("/") {
			if w, err = p.word(); err != nil {
				return err
			}
		}
		if !groupName.MatchString(w.text) {
			return fmt.Errorf("%.100q cannot name a group", w.text)
		}
		st.groups = append(st.groups, w.text)
		if !p.take(",") {
			return nil
		}
		p.take("group")
	}
}

func (p *policyParser) what(st *statement) error {
	for verb, name := range map[Verb]string{Inspect: "inspect", Read: "read", Use: "use", Manage: "manage"} {
		if p.take(name) {
			st.verb = verb
			break
		}
	}
	if st.verb == None {
		return fmt.Errorf("a verb is expected %s", p.where())
	}
	w, err := p.word()
	if err != nil {
		return err
	}
	var ok bool
	if st.resource, ok = resourceNames()[strings.ToLower(w.text)]; !ok || w.quoted {
		return fmt.Errorf("the resource type %.100q is not known", w.text)
	}
	return nil
}

func (p *policyParser) condition() (condition, error) {
	if p.depth++; p.depth > maxNesting {
		return condition{}, fmt.Errorf("conditions are nested more than %d deep", maxNesting)
	}
	defer func() { p.depth-- }()
	if !p.peek("any", "all") {
		return p.comparison()
	}
	c := condition{all: p.peek("all")}
	p.words = p.words[1:]
	if err := p.expect("{"); err != nil {
		return c, err
	}
	for {
		part, err := p.condition()
		if err != nil {
			return c, err
		}
		c.parts = append(c.parts, part)
		if !p.take(",") {
			return c, p.expect("}")
		}
	}
}

func (p *policyParser) comparison() (condition, error) {
	var c condition
	if err := p.expect(groupVariable); err != nil {
		return c, err
	}
	switch {
	case p.take("="):
	case p.take("!="):
		c.not = true
	case p.take("in"):
		if err := p.expect("("); err != nil {
			return c, err
		}
		for {
			id, err := p.value()
			if err != nil {
				return c, err
			}
			c.ids = append(c.ids, id)
			if !p.take(",") {
				return c, p.expect(")")
			}
		}
	default:
		return c, fmt.Errorf("=, != or in is expected %s", p.where())
	}
	id, err := p.value()
	c.ids = []string{id}
	return c, err
}

func (p *policyParser) value() (string, error) {
	w, err := p.word()
	if err != nil {
		return "", err
	}
	if !w.quoted || w.text == "" {
		return "", fmt.Errorf("the value %.100q must be in single quotes", w.text)
	}
	return w.text, nil
}
