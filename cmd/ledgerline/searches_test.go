package main

import (
	"strings"
	"testing"
)

func TestSearchesFromTheCommandLine(t *testing.T) {
	w := newWorld(t)
	w.serve(0)
	w.must("searches", "save", "Count all", "* | stats count as n", "--last", "7d", "--zone", "Europe/Rome", "--description", "all of it")
	if got := w.must("searches", "show", "count ALL"); got != "* | stats count as n\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("searches", "list"); !strings.Contains(got, "Count all") || !strings.Contains(got, "168h0m0s") {
		t.Errorf("%q", got)
	}
	if got := w.must("query", "--saved", "count all", "-o", "csv"); got != "n\n0\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("export", "--saved", "count all", "-o", "json"); got != "[\n{\"n\":0}]\n" {
		t.Errorf("%q", got)
	}
	if got := w.must("explain", "--analyze", "--saved", "count all"); !strings.Contains(got, "rows out") || !strings.Contains(got, "run ") {
		t.Errorf("%s", got)
	}
	if _, problems, code := w.ask("query", "--saved", "count all", "*"); code != exitMisuse || !strings.Contains(problems, "--saved") {
		t.Errorf("exit %d: %s", code, problems)
	}
	if _, problems, code := w.ask("query"); code != exitMisuse || !strings.Contains(problems, "give the text of a query") {
		t.Errorf("exit %d: %s", code, problems)
	}
	if _, problems, code := w.ask("searches", "save", "bad", "* | stats"); code != exitFailed || !strings.Contains(problems, "line 1") {
		t.Errorf("exit %d: %s", code, problems)
	}
	w.must("searches", "delete", "Count all")
	if _, problems, code := w.ask("query", "--saved", "Count all"); code != exitFailed || !strings.Contains(problems, "not found") {
		t.Errorf("exit %d: %s", code, problems)
	}
}
