package api

import (
	"context"
	"maps"
	"strings"
	"testing"

	la "github.com/oracle/oci-go-sdk/v65/loganalytics"
)

func TestSDKValidateExtendedFields(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns := g.sdk(), ptr("demo")
	order, user := g.field("Resource ID"), g.field("User Name")
	try := func(base, example, expression string) (la.EfdRegexResult, error) {
		r, err := c.ValidateSourceExtendedFieldDetails(ctx, la.ValidateSourceExtendedFieldDetailsRequest{NamespaceName: ns, LogAnalyticsSource: la.LogAnalyticsSource{
			ExtendedFieldDefinitions: []la.LogAnalyticsSourceExtendedFieldDefinition{{BaseFieldName: &base, BaseFieldLogText: &example, RegularExpression: &expression}}}})
		if err != nil || len(r.Items) != 1 {
			return la.EfdRegexResult{}, err
		}
		return r.Items[0], nil
	}
	for _, tc := range []struct {
		base, example, expression string
		valid                     bool
		fields                    map[string]string
		says                      string
	}{
		{"msg", "order=7 owner=ann", `order={` + order + `:\d+} owner={` + user + `:\w+}`, true, map[string]string{order: "7", user: "ann"}, ""},
		{"Original Log Content", "no order", `order={msg:\d+}`, true, nil, "does not match"},
		{"msg", "x", `({msg:\d+}`, false, nil, ""},
		{"msg", "", `{nosuchfield:\d+}`, false, nil, ""},
		{"no such base", "x", `{msg:\d+}`, false, nil, "does not exist"},
	} {
		r, err := try(tc.base, tc.example, tc.expression)
		if err != nil {
			t.Errorf("%s: %v", tc.expression, err)
			continue
		}
		matched := tc.fields != nil
		if *r.IsValidRegexSyntax != tc.valid || *r.ParsedFieldCount != len(tc.fields) || (*r.Status == "SUCCEEDED") != matched || !maps.Equal(r.ParsedFields, tc.fields) ||
			(r.StatusDescription == nil) != matched || !matched && !strings.Contains(*r.StatusDescription, tc.says) || *r.Regex != tc.expression {
			t.Errorf("%s: %+v", tc.expression, r)
		}
	}
	_, err := c.ValidateSourceExtendedFieldDetails(ctx, la.ValidateSourceExtendedFieldDetailsRequest{NamespaceName: ns})
	refused(t, err, 400, "MissingParameter")
}

// A log source that is made like another has what its description leaves out of that.
func TestSDKCreateLikeSource(t *testing.T) {
	g, ctx := newRig(t), context.Background()
	c, ns, here := g.sdk(), ptr("demo"), ptr(tenancy)
	of, err := c.GetSource(ctx, la.GetSourceRequest{NamespaceName: ns, SourceName: ptr(auditLog), CompartmentId: here})
	if err != nil {
		t.Fatal(err)
	}
	make := func(id int, d la.UpsertLogAnalyticsSourceDetails) (la.UpsertSourceResponse, error) {
		return c.UpsertSource(ctx, la.UpsertSourceRequest{NamespaceName: ns, CreateLikeSourceId: &id, UpsertLogAnalyticsSourceDetails: d})
	}
	like, err := make(int(*of.SourceId), la.UpsertLogAnalyticsSourceDetails{Name: ptr("my_audit"), DisplayName: ptr("My Audit"), Description: ptr("mine")})
	if err != nil {
		t.Fatal(err)
	}
	if *like.Name != "my_audit" || *like.DisplayName != "My Audit" || *like.Description != "mine" || *like.IsSystem || *like.TypeName != *of.TypeName || len(like.Parsers) != len(of.Parsers) ||
		*like.Parsers[0].Name != *of.Parsers[0].Name || len(like.LabelConditions) != len(of.LabelConditions) || len(like.ExtendedFieldDefinitions) != len(of.ExtendedFieldDefinitions) || *like.SourceId == *of.SourceId {
		t.Errorf("%+v", like.LogAnalyticsSource)
	}
	_, err = make(1, la.UpsertLogAnalyticsSourceDetails{Name: ptr("another")})
	refused(t, err, 404, "NotAuthorizedOrNotFound")
	_, err = make(int(*of.SourceId), la.UpsertLogAnalyticsSourceDetails{Name: ptr("my_audit")})
	refused(t, err, 400, "InvalidParameter")
}
