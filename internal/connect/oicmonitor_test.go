package connect

import (
	"net/url"
	"strings"
	"testing"
)

func TestInstancePage(t *testing.T) {
	c, s := oicClient(t, newBench(), reply{401, nil, ""}, reply{200, jsonType, `{"items":[ {"id" : "1"} ],"totalRecordsCount":"3","hasMore":true}`})
	page, err := c.Instances(t.Context(), InstanceQuery{Window: "6h", Offset: 2, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Items) != 1 || string(page.Items[0]) != `{"id" : "1"}` || page.Total != 3 || !*page.HasMore || page.Date.IsZero() {
		t.Errorf("%+v", page)
	}
	want := url.Values{"q": {"{timewindow:'6h'}"}, "orderBy": {"lastupdateddate"}, "offset": {"2"}, "limit": {"1"}}
	if r := s.requests[1]; r.URL.Path != "/ic/api/integration/v1/monitoring/instances" || r.URL.Query().Encode() != want.Encode() {
		t.Errorf("request %s", r.URL)
	}
}

func TestInstanceErrors(t *testing.T) {
	for name, c := range map[string]struct {
		offset int
		reply  reply
		want   Kind
	}{
		"an offset that is too large": {500, reply{400, jsonType, `{"title":"bad offset"}`}, OffsetRefused},
		"a query that is refused":     {0, reply{400, jsonType, `{"title":"bad"}`}, Refused},
		"a role that is missing":      {0, reply{403, nil, ""}, Forbidden},
		"HTML":                        {0, reply{200, nil, "<html><title>Sign in</title>"}, BadPayload},
	} {
		client, _ := oicClient(t, newBench(), c.reply)
		if _, err := client.Instances(t.Context(), InstanceQuery{Window: "1h", Offset: c.offset}); KindOf(err) != c.want || !strings.HasPrefix(err.Error(), opInstances) {
			t.Errorf("%s: %v (%v), want %v", name, err, KindOf(err), c.want)
		}
	}
	client, s := oicClient(t, newBench(), reply{200, nil, ""})
	if _, err := client.Instances(t.Context(), InstanceQuery{Window: "1y"}); KindOf(err) != Refused || s.count() != 0 {
		t.Errorf("a window that does not exist: %v", err)
	}
}

func TestActivitySteps(t *testing.T) {
	for body, want := range map[string]int{
		`{"instanceId":"7","activityStream":[{"message":"a"},{"message":"b"}]}`: 2,
		`{"items":[{}]}`:            1,
		`[{"message":"<a>"}]`:       1,
		`{"activityStream":[]}`:     0,
		`{"activityStream":"text"}`: -1,
		`{}`:                        -1,
		`<html>`:                    -1,
		``:                          -1,
	} {
		steps, err := parseSteps([]byte(body))
		if (err != nil) != (want < 0) || err == nil && len(steps) != want {
			t.Errorf("%s: %d steps, %v; want %d", body, len(steps), err, want)
		}
	}
	c, s := oicClient(t, newBench(), reply{200, jsonType, `{"activityStream":[{"message":"<a>"}]}`})
	steps, err := c.Activity(t.Context(), "id==")
	if err != nil || len(steps) != 1 || string(steps[0]) != `{"message":"<a>"}` {
		t.Fatalf("%q, %v", steps, err)
	}
	if r := s.requests[0]; r.URL.Path != instancesPath+"/id==/activityStream" || r.URL.Query().Get("order") != "asc" {
		t.Errorf("request %s", r.URL)
	}
	for _, id := range []string{"", "../auditRecords", "a?b", strings.Repeat("x", 201)} {
		if _, err := c.Activity(t.Context(), id); KindOf(err) != Refused {
			t.Errorf("%q: %v", id, err)
		}
	}
	gone, s := oicClient(t, newBench(), reply{404, nil, ""})
	if _, err := gone.Activity(t.Context(), "7"); KindOf(err) != NotFound || s.count() != 1 {
		t.Errorf("an instance that is gone: %v after %d requests", err, s.count())
	}
}
