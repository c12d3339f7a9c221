package syntax

import "testing"

// Canonical forms as section 10 of the language reference describes them.
func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "*"},
		{"   \n\t", "*"},
		{"search a", "a"},
		{"search search", "search search"},
		{"SEARCH search-x", "search search-x"},
		{`"Log Source"="X" status=200 action='purchase'`, `'Log Source' = X and status = 200 and action = purchase`},
		{"Status = '200' and Status = 200", "Status = '200' and Status = 200"},
		{"A = 'null' and B = null and C = TRUE", "A = 'null' and B = null and C = 'TRUE'"},
		{"a and (b and c) or ((d))", "a and b and c or d"},
		{"a and (b or c) and not (d or e) and not f", "a and (b or c) and not (d or e) and not f"},
		{"(a or b) or c", "a or b or c"},
		{"'*' and * and x", "'*' and * and x"},
		{"A like EMCC% or B like in (40*, '5')", "A like 'EMCC%' or B like in ('40*', '5')"},
		{"ORA-00600 and Action = reset-both", "ORA-00600 and Action = 'reset-both'"},
		{"Time between * and dateRelative( 8hrs )", "Time between * and daterelative(8hrs)"},
		{"X = -5 and Y in (-1day, 'a b')", "X = -5 and Y in (-1day, 'a b')"},
		{`'it\'s' and "say \"no\"" and 'C:\\temp\\new'`, `'it\'s' and 'say "no"' and 'C:\\temp\\new'`},
		{"* // all of it\n/* and */ | head 5", "* | head limit = 5"},
		{"* | where ((a + b)) * c = 1 and (x or y)", "* | where (a + b) * c = 1 and (x or y)"},
		{"* | where a - (b - c) - (d + e) = 0", "* | where a - (b - c) - (d + e) = 0"},
		{"* | where (a - b) - c = (x = y)", "* | where a - b - c = (x = y)"},
		{"* | where not (a = 1) and not (b and c)", "* | where not a = 1 and not (b and c)"},
		{"* | where (not a) = 1 or -(b + c) < - -d", "* | where (not a) = 1 or -(b + c) < --d"},
		{"* | where Total*100/Size%7 > 5*3", "* | where Total * 100 / Size % 7 > 5 * 3"},
		{"* | where x = 'a*b'", "* | where x = 'a*b'"},
		{"* | where a not in ('1', 1, null)", "* | where a not in ('1', 1, null)"},
		{"* | eval x = IF(A = 'true', indexOf(B, \"c\"), NOW())", "* | eval x = if(A = 'true', indexof(B, c), now())"},
		{"* | stats Count(), TREND(COUNT, 1hr), count('Threat IPs') BY 'a'", "* | stats count, trend(count, 1hr), count('Threat IPs') by a"},
		{"* | timestats SPAN=5mins count", "* | timestats span = 5minute count"},
		{"* | sort +a, -'b'", "* | sort a, -b"},
		{"* | top 5 limit by 'by'", "* | top limit = 5 limit by 'by'"},
		{"* | bucket d 'others' = 0-1, others = '0'", "* | bucket d 'others' = 0-1, others = '0'"},
		{"* | jsonextract 'field' = '$.a'", "* | jsonextract 'field' = '$.a'"},
		{"* | jsonextract field = Message a = '$.a', b = '$.b'", "* | jsonextract field = Message a = '$.a', b = '$.b'"},
		{`* | extract ('a\'(?P<x y>\d\\n)')`, `* | extract 'a\'(?P<x y>\d\\n)'`},
		{`* | regex f in ('a') | regex f not in ('a', 'b')`, `* | regex f = 'a' | regex f not in ('a', 'b')`},
		{"* | link CLUSTER(), 'cluster', A", "* | link cluster(), cluster, A"},
		{"* | compare timeshift = +7d", "* | compare timeshift = 7day"},
		{"* | macro  a=1,  'b  c'  [x|y]", "* | macro a = 1 , 'b  c' [ x | y ]"},
		{"* | sequence name = S between [ a ]{1} and [ b ]{0,} select c", "* | sequence name = S between [ a ]{1} and [ b ]{0,} select c"},
		{"\ufeff* | fields 'Größe', '名前', '\ufeffXID', 'a b'", "* | fields Größe, 名前, '\ufeffXID', 'a b'"},
	} {
		q, err := Parse(c.text)
		if err != nil {
			t.Errorf("%s\n%v", c.text, err)
			continue
		}
		if got := q.String(); got != c.want {
			t.Errorf("%s\nprints  %s\nwant    %s", c.text, got, c.want)
		}
		roundTrip(t, c.text)
	}
}

func TestQuotedTexts(t *testing.T) {
	for _, c := range []struct{ text, plain, pattern string }{
		{`'a'`, `a`, `a`},
		{`''`, ``, ``},
		{`'it\'s'`, `it's`, `it's`},
		{`"it's"`, `it's`, `it's`},
		{`'\d+\/x'`, `\d+\/x`, `\d+\/x`},
		{`'a\nb\r\t'`, "a\nb\r\t", `a\nb\r\t`},
		{`'C:\\x'`, `C:\x`, `C:\\x`},
		{`'\*\%\?'`, `\*\%\?`, `\*\%\?`},
		{`'\"'`, `"`, `\"`},
		{`'\\\''`, `\'`, `\\'`},
	} {
		q, err := Parse("* | where f = " + c.text + " | extract " + c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := q.Commands[1].(*Where).Cond.(*Binary).Y.(*Ref).Text; got != c.plain {
			t.Errorf("%s as text is %q, want %q", c.text, got, c.plain)
		}
		if got := q.Commands[2].(*Extract).Pattern.Text; got != c.pattern {
			t.Errorf("%s as a pattern is %q, want %q", c.text, got, c.pattern)
		}
	}
}

func TestVariables(t *testing.T) {
	const text = `init { $c = 'east' } init { $p = '$c' || '-node-' || 7 } init { $n = lower($p) }
		'$c' and Host = $c | where a = '$p$c $unknown $n' and b = $n | extract '$c$' | eval '$c x' = 1`
	q, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	and := q.Commands[0].(*Search).Term.(*And)
	if k := and.Terms[0].(*Keyword); k.Text != "east" || !k.Phrase {
		t.Errorf("keyword %+v", k)
	}
	if v := and.Terms[1].(*Compare).Value.(*Variable).Value.(*Text); v.Text != "east" {
		t.Errorf("variable %+v", v)
	}
	where := q.Commands[1].(*Where).Cond.(*Logic)
	if s := where.Args[0].(*Binary).Y.(*Ref).Text; s != "east-node-7east $unknown $n" {
		t.Errorf("string %q", s)
	}
	if v := where.Args[1].(*Binary).Y.(*Variable); v.Value != nil {
		t.Errorf("only the engine can compute $n, but it is %v", v.Value)
	}
	if s := q.Commands[2].(*Extract).Pattern.Text; s != "east$" {
		t.Errorf("pattern %q", s)
	}
	if s := q.Commands[3].(*Eval).Assignments[0].Name.Text; s != "east x" {
		t.Errorf("name %q", s)
	}
	roundTrip(t, text)

	// A bare word that holds a variable reads as if it were quoted; others keep the dollar sign.
	roundTrip(t, "init { $a = 'b c' } x$a and y$z and f$a = -v$a-w$a | where g$a = h$z | fields -i$a")
	q, err = Parse("init { $a = 'b c' } x$a and SYS$USERS")
	if err != nil {
		t.Fatal(err)
	}
	and = q.Commands[0].(*Search).Term.(*And)
	if k := and.Terms[0].(*Keyword); k.Text != "xb c" || !k.Phrase {
		t.Errorf("keyword %+v", k)
	}
	if k := and.Terms[1].(*Keyword); k.Text != "SYS$USERS" || k.Phrase {
		t.Errorf("keyword %+v", k)
	}

	// A block within brackets ends with them.
	q, err = Parse("init { $a = 1 } init { $c = 3 } [ init { $a = 2 } init { $b = 3 } '$a$b$c' ] and '$a$b$c'")
	if err != nil {
		t.Fatal(err)
	}
	and = q.Commands[0].(*Search).Term.(*And)
	inner := and.Terms[0].(*Subquery).Query.Commands[0].(*Search).Term.(*Keyword)
	if outer := and.Terms[1].(*Keyword); inner.Text != "233" || outer.Text != "1$b3" {
		t.Errorf("inside %q, outside %q", inner.Text, outer.Text)
	}

	lower := func(x Expr) (string, error) { return "computed by " + Format(x), nil }
	q, err = ParseWith("'$n' and '$v'", Options{Variables: []string{"init { $v = 'w' } init { $n = upper(a) }"}, Eval: lower})
	if err != nil {
		t.Fatal(err)
	}
	and = q.Commands[0].(*Search).Term.(*And)
	if s := and.Terms[0].(*Keyword).Text; s != "computed by upper(a)" {
		t.Errorf("computed variable %q", s)
	}
	if s := and.Terms[1].(*Keyword).Text; s != "w" {
		t.Errorf("variable of the request %q", s)
	}
	if s, want := q.String(), "init { $v = w } init { $n = upper(a) } '$n' and '$v'"; s != want {
		t.Errorf("prints %s, want %s", s, want)
	}
	if _, err := ParseWith("*", Options{Variables: []string{"$v = 3"}}); err == nil {
		t.Error("a variable that is no init block is accepted")
	}
}
