package content

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ledgerline/internal/record"
)

func itemParser() Parser {
	return Parser{Name: "orders_json", Display: "Orders JSON", Kind: JSON, Header: "$.items:2", Fields: []ParserField{{Seq: 1, Field: "time", Path: "$.t"}, {Seq: 2, Field: "udfs1", Path: "$.who"}}}
}

func TestPutAndDeleteItems(t *testing.T) {
	ctx, docs := context.Background(), &memory{}
	l, err := Open(ctx, docs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, err, is error) {
		t.Helper()
		if !errors.Is(err, is) {
			t.Errorf("%s: %v, want %v", what, err, is)
		}
	}
	// A parser needs its fields, a log source its parsers and labels.
	_, err = l.PutParser(ctx, itemParser(), "")
	want("a field that is not there", err, ErrInvalid)
	f, err := l.PutField(ctx, record.Field{Display: "Order Owner", Type: record.String, Description: "who"}, "")
	must(err)
	if f.Name != "udfs1" {
		t.Errorf("the first free name of a string is udfs1, not %s", f.Name)
	}
	_, err = l.PutParser(ctx, itemParser(), "")
	must(err)
	label, err := l.PutLabel(ctx, Label{Display: "Order Lost!", Priority: "HIGH"}, "")
	must(err)
	if label.Name != "#order_lost" {
		t.Errorf("%q", label.Name)
	}
	source := Source{Name: "orders", Display: "Orders", Kind: "os_file", Parsers: []string{"orders_json"},
		LabelRules: []LabelRule{{When: Condition{Field: "udfs1", Operator: "EQUAL", Values: []string{"x"}}, Field: "mtag", Tags: []string{"#order_lost"}, Enabled: true}}}
	warnings, err := l.PutSource(ctx, source, "")
	must(err)
	if len(warnings) != 0 {
		t.Errorf("%+v", warnings)
	}

	// What is used stays.
	want("label", l.DeleteLabel(ctx, "#order_lost", ""), ErrInUse)
	want("field", l.DeleteField(ctx, "Order Owner", ""), ErrInUse)
	want("parser", l.DeleteParser(ctx, "Orders JSON", ""), ErrInUse)
	if err := l.DeleteParser(ctx, "Orders JSON", ""); !strings.Contains(err.Error(), "log source Orders") {
		t.Errorf("%v does not say by what", err)
	}

	// Etags.
	p, _ := l.Parser("orders_json")
	first := Etag(p)
	changed := *p
	changed.Description = "v2"
	_, err = l.PutParser(ctx, changed, "0123")
	want("stale", err, ErrEtag)
	_, err = l.PutParser(ctx, changed, first)
	must(err)
	_, err = l.PutParser(ctx, changed, first)
	want("stale after the change", err, ErrEtag)
	_, err = l.PutParser(ctx, Parser{Name: "new", Display: "new", Kind: JSON, Header: "$:0"}, first)
	want("if-match of what is not there", err, ErrEtag)

	// Built-in items, types, names of others.
	builtin, _ := l.Source(SourceIntegrationAudit)
	want("built in", l.DeleteSource(ctx, builtin.Name, ""), ErrBuiltIn)
	_, err = l.PutSource(ctx, *builtin, "")
	want("built in", err, ErrBuiltIn)
	f.Type = record.Long
	_, err = l.PutField(ctx, f, "")
	want("type", err, ErrInvalid)
	_, err = l.PutField(ctx, record.Field{Display: "order OWNER"}, "")
	want("taken", err, ErrExists)
	_, err = l.PutSource(ctx, Source{Name: "other", Display: "Orders"}, "")
	want("taken", err, ErrExists)
	_, err = l.PutSource(ctx, Source{Name: "bad", Display: "bad", Parsers: []string{"none"}}, "")
	want("no parser", err, ErrInvalid)
	_, err = l.PutParser(ctx, Parser{Name: "bad", Display: "bad", Kind: Regex, Content: "("}, "")
	want("expression", err, ErrInvalid)
	for _, name := range []string{"", " x", "a\nb", strings.Repeat("n", 300)} {
		_, err = l.PutLabel(ctx, Label{Name: "#x", Display: name}, "")
		want("name", err, ErrInvalid)
	}

	// In order, all of it goes, and is gone after a restart.
	must(l.DeleteSource(ctx, "Orders", ""))
	must(l.DeleteParser(ctx, "orders_json", ""))
	must(l.DeleteLabel(ctx, "#order_lost", ""))
	must(l.DeleteField(ctx, "Order Owner", ""))
	var missing *NotFoundError
	if err := l.DeleteSource(ctx, "orders", ""); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	l, err = Open(ctx, docs, Options{})
	must(err)
	for _, name := range []string{"Orders", "orders"} {
		if _, ok := l.Source(name); ok {
			t.Errorf("%s is still there", name)
		}
	}
	// Segments keep the column of the deleted field, so its name is not given again.
	f, err = l.PutField(ctx, record.Field{Display: "Another", Type: record.String}, "")
	must(err)
	if f.Name != "udfs2" {
		t.Errorf("got %s, want udfs2", f.Name)
	}
	_, err = l.PutField(ctx, record.Field{Name: "udfs1", Display: "Again", Type: record.String}, "")
	want("a retired name", err, ErrInvalid)
}

// An item that replaced a built-in one by an import gives way to it.
func TestDeleteUncoversBuiltIn(t *testing.T) {
	ctx := context.Background()
	l, err := Open(ctx, &memory{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, _ := l.Source(SourceIntegrationAudit)
	file, err := l.Export(ctx, Names{Sources: []string{SourceIntegrationAudit}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := contentXML(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "<Description>", "<Description>Changed: ", 1)
	if _, err := l.Import(ctx, []byte(changed), ImportOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Parsers() {
		if !p.System {
			if err := l.DeleteParser(ctx, p.Name, ""); err == nil || errors.Is(err, ErrInUse) {
				continue
			}
			t.Fatal(err)
		}
	}
	after, _ := l.Source(SourceIntegrationAudit)
	if !after.System {
		if err := l.DeleteSource(ctx, after.Name, ""); err != nil {
			t.Fatal(err)
		}
		after, _ = l.Source(SourceIntegrationAudit)
	}
	if after == nil || !after.System || Etag(after) != Etag(before) {
		t.Errorf("%+v, want the built-in one back", after)
	}
}

func TestTryParser(t *testing.T) {
	l, err := Open(context.Background(), &memory{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := Parser{Name: "x", Display: "x", Kind: Regex, Content: `^(\S+) (.*)$`, SingleLine: true, Fields: []ParserField{{Seq: 1, Field: "usrname"}, {Seq: 2, Field: "msg"}}}
	var got []string
	warnings, err := l.TryParser(context.Background(), p, []byte("ann hello there\nx\n"), func(e *record.Entry) error {
		got = append(got, e.Text)
		return nil
	})
	if err != nil || len(got) != 2 || got[0] != "ann hello there" || !hasWarning(warnings, "ParseFailed") {
		t.Errorf("%q %+v %v", got, warnings, err)
	}
	if _, ok := l.Parser("x"); ok {
		t.Error("trying stored the parser")
	}
	p.Content = "("
	if _, err := l.TryParser(context.Background(), p, nil, func(*record.Entry) error { return nil }); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
}
