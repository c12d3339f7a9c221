package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const inGroup = " where target.loganalytics-log-group.id "

func TestStatementsAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "Allow", "Allow group", "Allow group to read log-groups in tenancy", "Allow group a to",
		"Deny group a to read log-groups in tenancy",
		"Allow group a to peek log-groups in tenancy",
		"Allow group a to read buckets in tenancy",
		"Allow group a to read 'log-groups' in tenancy",
		"Allow group a to read log-groups in compartment b",
		"Allow group a to read log-groups",
		"Allow group a to read log-groups in tenancy and more",
		"Allow user a to read log-groups in tenancy",
		"Allow group a to read log-groups in tenancy where",
		"Allow group a to read log-groups in tenancy where request.user.id = 'x'",
		"Allow group a to read loganalytics-features-family in tenancy" + inGroup + "= 'x'",
		"Allow group a to read dashboards in tenancy" + inGroup + "= 'x'",
		"Allow group a to read log-groups in tenancy" + inGroup + "= x",
		"Allow group a to read log-groups in tenancy" + inGroup + "= ''",
		"Allow group a to read log-groups in tenancy" + inGroup + "= /x*/",
		"Allow group a to read log-groups in tenancy" + inGroup + "> 'x'",
		"Allow group a to read log-groups in tenancy" + inGroup + "= 'x",
		"Allow group a to read log-groups in tenancy" + inGroup + "in ()",
		"Allow group a to read log-groups in tenancy where any {}",
		"Allow group a to read log-groups in tenancy where " + strings.Repeat("any {", 20) + "x" + strings.Repeat("}", 20),
		"Allow group 'a;b' to read log-groups in tenancy",
	} {
		if _, err := parseStatement(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// The rights of a member of group a under some statements, verb by verb.
func TestRights(t *testing.T) {
	const (
		x, y = "ocid1.loganalyticsloggroup.oc1..x", "ocid1.loganalyticsloggroup.oc1..y"
		read = "Allow group a to read log-groups in tenancy"
	)
	type want struct {
		x, y     Verb     // most that is allowed for the log groups
		features Verb     // and for the families
		boards   Verb     //
		readable []string // of x and y; nil: all there ever were
	}
	for name, c := range map[string]struct {
		statements []string
		want       want
	}{
		"none":             {nil, want{readable: []string{}}},
		"all":              {[]string{read}, want{x: Read, y: Read}},
		"letter case":      {[]string{"ALLOW GROUP A TO USE LOG-GROUPS IN TENANCY"}, want{x: Use, y: Use}},
		"another group":    {[]string{strings.Replace(read, "group a", "group b", 1)}, want{readable: []string{}}},
		"a domain's group": {[]string{strings.Replace(read, "group a", "group Default/'a'", 1)}, want{x: Read, y: Read}},
		"two groups":       {[]string{strings.Replace(read, "group a", "group b, a", 1)}, want{x: Read, y: Read}},
		"any user":         {[]string{strings.Replace(read, "group a", "any-user", 1)}, want{x: Read, y: Read}},
		"one log group":    {[]string{read + inGroup + "= '" + x + "'"}, want{x: Read, readable: []string{x}}},
		"all but one":      {[]string{read + inGroup + "!= '" + x + "'"}, want{y: Read, readable: []string{y}}},
		"a list":           {[]string{read + inGroup + "in ('z', '" + y + "')"}, want{y: Read, readable: []string{y, "z"}}},
		"any of":           {[]string{read + " where any {target.loganalytics-log-group.id = '" + x + "', target.loganalytics-log-group.id = '" + y + "'}"}, want{x: Read, y: Read, readable: []string{x, y}}},
		"all of":           {[]string{read + " where all {target.loganalytics-log-group.id = '" + x + "', target.loganalytics-log-group.id = '" + y + "'}"}, want{readable: []string{}}},
		"two statements":   {[]string{read + inGroup + "= '" + x + "'", "Allow group a to manage loganalytics-log-group in tenancy" + inGroup + "= '" + y + "'"}, want{x: Read, y: Manage, readable: []string{x, y}}},
		"inspect only":     {[]string{"Allow group a to inspect log-groups in tenancy"}, want{x: Inspect, y: Inspect, readable: []string{}}},
		"features":         {[]string{"Allow group a to use loganalytics-features-family in tenancy"}, want{features: Use, readable: []string{}}},
		"dashboards":       {[]string{"Allow group a to manage dashboards in tenancy"}, want{boards: Manage, readable: []string{}}},
		"everything":       {[]string{"Allow group a to read all-resources in tenancy"}, want{x: Read, y: Read, features: Read, boards: Read}},
		"everything of x":  {[]string{"Allow group a to manage all-resources in tenancy" + inGroup + "= '" + x + "'"}, want{x: Manage, readable: []string{x}}},
	} {
		t.Run(name, func(t *testing.T) {
			cat, _, ctx := accessCatalog(t)
			if c.statements != nil {
				if _, err := cat.SavePolicy(ctx, Policy{Name: "p", Statements: c.statements}, ""); err != nil {
					t.Fatal(err)
				}
			}
			r := cat.Rights(User{Groups: []string{"a"}})
			for _, verb := range []Verb{Inspect, Read, Use, Manage} {
				for what, v := range map[string][2]bool{
					"x": {r.LogGroup(x, verb), verb <= c.want.x}, "y": {r.LogGroup(y, verb), verb <= c.want.y},
					"features":   {r.Everywhere(Features, verb), verb <= c.want.features},
					"dashboards": {r.Everywhere(Dashboards, verb), verb <= c.want.boards},
				} {
					if v[0] != v[1] {
						t.Errorf("verb %d on %s is %v", verb, what, v[0])
					}
				}
			}
			got := r.groups([]string{y, x}, Read)
			if (got == nil) != (c.want.readable == nil) || !slices.Equal(got, c.want.readable) {
				t.Errorf("readable %q, want %q", got, c.want.readable)
			}
		})
	}
}

func TestAdministrators(t *testing.T) {
	c, _, _ := accessCatalog(t)
	r := c.Rights(User{Groups: []string{"administrators"}})
	if !r.Administrator() || !r.Everywhere(Features, Manage) || !r.LogGroup("x", Manage) || r.groups([]string{"x"}, Read) != nil {
		t.Errorf("%+v", r)
	}
	var nobody Rights
	if nobody.Administrator() || nobody.Everywhere(Features, Inspect) || nobody.LogGroup("x", Inspect) || nobody.SomeLogGroup(Inspect) || len(nobody.groups([]string{"x"}, Read)) != 0 {
		t.Error("the zero value may do something")
	}
}

func TestPoliciesAreKept(t *testing.T) {
	c, _, ctx := accessCatalog(t)
	p, err := c.SavePolicy(ctx, Policy{Name: "Auditors", Statements: []string{"Allow group a to read log-groups in tenancy"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.SavePolicy(ctx, Policy{Name: "auditors", Statements: []string{"Allow group a to use log-groups in tenancy"}}, "r7"); !errors.Is(err, ErrEtag) {
		t.Error(err)
	}
	_, err = c.SavePolicy(ctx, Policy{Name: "auditors", Statements: []string{"Allow group a to read log-groups in tenancy", "Allow x", "Allow y"}}, p.Etag)
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "statement 2") || !strings.Contains(err.Error(), "statement 3") {
		t.Errorf("every mistake: %v", err)
	}
	q, err := c.SavePolicy(ctx, Policy{Name: "auditors", Statements: []string{"Allow group a to use log-groups in tenancy"}}, p.Etag)
	if err != nil || q.ID != p.ID || len(c.Policies()) != 1 {
		t.Errorf("%+v, %v", q, err)
	}
	u := User{Groups: []string{"a"}}
	if !c.Rights(u).LogGroup("x", Use) {
		t.Error("the change does not hold")
	}
	if err := c.DeletePolicy(ctx, "Auditors", q.Etag); err != nil {
		t.Fatal(err)
	}
	if c.Rights(u).LogGroup("x", Inspect) {
		t.Error("a policy that is gone holds")
	}
	if _, err := c.Policy("auditors"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// No text makes the parser panic, and what it takes begins with a grant to
// somebody of something.
func FuzzStatement(f *testing.F) {
	f.Add("Allow group Default/'a b', c to read log-groups in tenancy where any {target.loganalytics-log-group.id = 'x', target.loganalytics-log-group.id in ('y','z')}")
	f.Add("allow any-user to manage all-resources in tenancy")
	f.Fuzz(func(t *testing.T, text string) {
		st, err := parseStatement(text)
		if err != nil {
			return
		}
		if st.verb == None || !st.anyUser && len(st.groups) == 0 {
			t.Errorf("%q gives %+v", text, st)
		}
		// Printed in a plain form, it means the same.
		again, err := parseStatement(printStatement(st))
		if err != nil || fmt.Sprint(printStatement(again)) != printStatement(st) {
			t.Errorf("%q: %q, %v", text, printStatement(st), err)
		}
	})
}

func printStatement(st statement) string {
	who := "any-user"
	if !st.anyUser {
		who = "group '" + strings.Join(st.groups, "', '") + "'"
	}
	verbs := map[Verb]string{Inspect: "inspect", Read: "read", Use: "use", Manage: "manage"}
	resources := map[Resource]string{Features: "loganalytics-features-family", LogGroups: "log-groups", Dashboards: "dashboards", allResources: "all-resources"}
	text := "allow " + who + " to " + verbs[st.verb] + " " + resources[st.resource] + " in tenancy"
	if st.where != nil {
		text += " where " + printCondition(*st.where)
	}
	return text
}

func printCondition(c condition) string {
	if c.parts == nil {
		if c.not {
			return groupVariable + " != '" + c.ids[0] + "'"
		}
		return groupVariable + " in ('" + strings.Join(c.ids, "', '") + "')"
	}
	var parts []string
	for _, p := range c.parts {
		parts = append(parts, printCondition(p))
	}
	word := "any"
	if c.all {
		word = "all"
	}
	return word + " {" + strings.Join(parts, ", ") + "}"
}
