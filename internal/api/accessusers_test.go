package api

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/loganalytics"

	"ledgerline/internal/catalog"
)

// publicPEM is the public half of the rig's key as a file.
func (g *rig) publicPEM() string {
	g.t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&g.key.PublicKey)
	if err != nil {
		g.t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func (g *rig) addKey(b *browser, user string) (int, map[string]any) {
	g.t.Helper()
	body, err := json.Marshal(map[string]string{"key": g.publicPEM()})
	if err != nil {
		g.t.Fatal(err)
	}
	return b.call("POST", ownBase+"/users/"+user+"/keys", string(body))
}

// A key that was uploaded lets Oracle's own client in, and the request after its
// revocation is refused.
func TestKeyLivesUntilItIsRevoked(t *testing.T) {
	g, ctx := newRig(t), t.Context()
	u := g.user("robot", catalog.Administrators)
	b := g.browser()
	b.logIn("robot", password)
	code, m := g.addKey(b, "robot")
	if code != 200 || m["fingerprint"] != g.finger || m["keyId"] != tenancy+"/"+u.ID+"/"+g.finger || m["lifecycleState"] != "ACTIVE" {
		t.Fatalf("%d %v", code, m)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(g.key)})
	c, err := loganalytics.NewLogAnalyticsClientWithConfigurationProvider(common.NewRawConfigurationProvider(tenancy, u.ID, "eu-frankfurt-1", g.finger, string(text), nil))
	if err != nil {
		t.Fatal(err)
	}
	never := common.NoRetryPolicy()
	c.Host = g.web.URL
	c.SetCustomClientConfiguration(common.CustomClientConfiguration{RetryPolicy: &never})
	ask := loganalytics.GetNamespaceRequest{NamespaceName: ptr("demo")}
	if _, err := c.GetNamespace(ctx, ask); err != nil {
		t.Fatal(err)
	}
	if code, m := b.call("DELETE", ownBase+"/users/robot/keys/"+g.finger, ""); code != 204 {
		t.Fatalf("%d %v", code, m)
	}
	_, err = c.GetNamespace(ctx, ask)
	refused(t, err, 401, "NotAuthenticated")
}

func TestUsersOfTheAPI(t *testing.T) {
	g := newRig(t)
	g.user("chief", catalog.Administrators)
	b := g.browser()
	b.logIn("chief", password)
	code, m := b.call("POST", ownBase+"/users", `{"name":"auditor","groups":["Readers"],"password":"`+password+`"}`)
	if code != 200 || m["password"] != true || m["name"] != "auditor" {
		t.Fatalf("%d %v", code, m)
	}
	id := m["id"].(string)
	if code, m := b.call("POST", ownBase+"/users", `{"name":"Auditor"}`); code != 409 || m["code"] != "ResourceAlreadyExists" {
		t.Errorf("%d %v", code, m)
	}
	if code, m := b.call("POST", ownBase+"/users", `{"name":"x","password":"short"}`); code != 400 {
		t.Errorf("%d %v", code, m)
	}
	if _, m := b.call("GET", ownBase+"/users", ""); len(m["items"].([]any)) != 3 { // with the seed
		t.Errorf("%v", m)
	}

	// The new user sees itself alone, may change its key and password, and no more.
	a := g.browser()
	if a.logIn("auditor", password) != 200 {
		t.Fatal("no login")
	}
	if _, m := a.call("GET", ownBase+"/users", ""); len(m["items"].([]any)) != 1 {
		t.Errorf("%v", m)
	}
	for _, call := range [][3]string{
		{"GET", "/users/chief", ""}, {"GET", "/users/nobody", ""}, {"PUT", "/users/auditor", `{"groups":["Administrators"]}`}, {"PUT", "/users/chief", `{"disabled":true}`},
		{"POST", "/users", `{"name":"mine"}`}, {"GET", "/users/chief/keys", ""}, {"POST", "/users/chief/keys", `{}`}, {"DELETE", "/users/u/keys/" + g.finger, ""},
		{"POST", "/users/auditor/link", ""}, {"DELETE", "/users/chief", ""}, {"DELETE", "/users/auditor", ""}, {"PUT", "/policies/p", `{}`},
	} {
		if code, m := a.call(call[0], ownBase+call[1], call[2]); code != 404 {
			t.Errorf("%v: %d %v", call, code, m)
		}
	}
	if code, m := g.addKey(a, "auditor"); code != 200 {
		t.Errorf("%d %v", code, m)
	}
	const other = "another battery staple"
	if code, m := a.call("POST", sessionPath+"/password", `{"current":"wrong","new":"`+other+`"}`); code != 401 {
		t.Errorf("%d %v", code, m)
	}
	if code, m := a.call("POST", sessionPath+"/password", `{"current":"`+password+`","new":"`+other+`"}`); code != 204 {
		t.Errorf("%d %v", code, m)
	}
	if g.browser().logIn("auditor", password) != 401 || g.browser().logIn("auditor", other) != 200 {
		t.Error("the password is the old one")
	}
	if code, m := b.call("PUT", ownBase+"/users/"+id, `{"disabled":true}`); code != 200 || m["disabled"] != true {
		t.Errorf("%d %v", code, m)
	}
	if _, m := b.call("GET", ownBase+"/users/auditor/keys", ""); m["items"].([]any)[0].(map[string]any)["lifecycleState"] != "INACTIVE" {
		t.Errorf("%v", m)
	}
	// Users of the configuration file are shown and stay as they are.
	for _, call := range [][3]string{{"PUT", "/users/u", `{"disabled":true}`}, {"DELETE", "/users/u/keys/" + g.finger, ""}} {
		if code, m := b.call(call[0], ownBase+call[1], call[2]); code != 409 || !strings.Contains(m["message"].(string), "configuration file") {
			t.Errorf("%v: %d %v", call, code, m)
		}
	}
}

// A deleted user is out with the next request, by session and by link; the audit has
// its name, however the call named it.
func TestUserIsDeleted(t *testing.T) {
	g := newRig(t, func(o *Options) { o.Audit = true })
	g.user("chief", catalog.Administrators)
	u := g.user("auditor", catalog.Administrators)
	b, a := g.browser(), g.browser()
	b.logIn("chief", password)
	a.logIn("auditor", password)
	if code, m := a.call("POST", ownBase+"/log-groups", `{"displayName":"Mine"}`); code != 200 {
		t.Fatalf("%d %v", code, m)
	}
	link := g.server.StartLink(u.ID)
	if code, m := b.call("DELETE", ownBase+"/users/"+u.ID, ""); code != 204 {
		t.Fatalf("%d %v", code, m)
	}
	if code, m := a.call("GET", sessionPath, ""); code != 401 {
		t.Errorf("the session: %d %v", code, m)
	}
	if code, _ := g.browser().call("GET", link, ""); code != 403 {
		t.Errorf("the link: %d", code)
	}
	if code := g.browser().logIn("auditor", password); code != 401 {
		t.Errorf("the password: %d", code)
	}
	if code, m := b.call("DELETE", ownBase+"/users/u", ""); code != 409 || !strings.Contains(m["message"].(string), "configuration file") {
		t.Errorf("of the configuration file: %d %v", code, m)
	}
	if code, m := b.call("DELETE", ownBase+"/users/nobody", ""); code != 404 {
		t.Errorf("nobody: %d %v", code, m)
	}
	var did, gone bool
	for _, e := range g.noted() {
		did = did || e.Action == "OwnCreateLogGroup" && e.User == "auditor" && e.UserID == u.ID
		gone = gone || e.Action == "OwnDeleteUser" && e.Resource == ownBase+"/users/auditor" && e.User == "chief" && e.Status == "200"
	}
	if !did || !gone {
		t.Errorf("what the user did: %v, its end: %v: %+v", did, gone, g.noted())
	}
}

func TestPoliciesOfTheAPI(t *testing.T) {
	g := newRig(t)
	path := ownBase + "/policies/Readers%20of%20audit"
	if code, m := g.local("PUT", path, `{"statements":["Allow group r to look at log-groups in tenancy"]}`); code != 400 || !strings.Contains(m["message"].(string), "statement 1") {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("PUT", path, `{"statements":["Allow group r to read log-groups in tenancy"]}`); code != 200 || m["name"] != "Readers of audit" {
		t.Errorf("%d %v", code, m)
	}
	if _, m := g.local("GET", ownBase+"/policies", ""); len(m["items"].([]any)) != 1 {
		t.Errorf("%v", m)
	}
	if code, m := g.local("GET", path, ""); code != 200 || len(m["statements"].([]any)) != 1 {
		t.Errorf("%d %v", code, m)
	}
	if code, m := g.local("DELETE", path, ""); code != 204 {
		t.Errorf("%d %v", code, m)
	}
	if code, _ := g.local("GET", path, ""); code != 404 {
		t.Errorf("%d", code)
	}
}
