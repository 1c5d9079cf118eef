package gate

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
	"github.com/fairway-k8s/fairway/internal/testkit/gatecases"
)

// fairway runs the command line.
func fairway(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	e := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: os.Getenv, Now: func() time.Time { return gatecases.Today }}
	code = cli.Run(t.Context(), append([]string{"fairway"}, args...), e)
	return code, out.String(), said.String()
}

type today struct{ Rule, Action string }

// standing is the answer of gate status, as far as it is looked at.
type standing struct {
	Rules []struct {
		Rule, State, Why, Action string
		TypeCheckWarnings        []string
	}
	Params  string
	Today   []today
	Summary map[string]int
}

// status says of a fresh installation that all is in force, and then of everything that somebody does to it what that was.
func status(t *testing.T, b *bed.Bed) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(policy), 0o666); err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schema/gate-status-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(wantCode int) standing {
		t.Helper()
		code, out, said := fairway(t, "gate", "status", "--policy", file, "--kubeconfig", b.Kubeconfig(), "-o", "json")
		if code != wantCode {
			t.Errorf("exit code %d, want %d: %s", code, wantCode, said)
		}
		var x standing
		if err := json.Unmarshal([]byte(out), &x); err != nil {
			t.Fatalf("%v: %s %s", err, out, said)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("the answer is not valid by its schema: %v", err)
		}
		return x
	}
	fresh := ask(0)
	if n := len(fresh.Rules); fresh.Summary["in force"] != n || n < 10 || fresh.Params != "" {
		t.Errorf("of a fresh installation it says %+v", fresh)
	}
	// Deployment old was there before the gate.
	if !slices.Contains(fresh.Today, today{"privileged-container", "deny"}) {
		t.Errorf("of what is there today it says %+v", fresh.Today)
	}

	for _, args := range [][]string{
		{"delete", "validatingadmissionpolicybinding", "fairway-run-as-root"},
		{"delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "fairway-probes-identical"},
		{"patch", "validatingadmissionpolicybinding", "fairway-privileged-container", "--type=merge", `--patch={"spec":{"validationActions":["Warn"]}}`},
		{"patch", "validatingadmissionpolicy", "fairway-image-tag-latest", "--type=json", `--patch=[{"op":"replace","path":"/spec/failurePolicy","value":"Ignore"}]`},
		{"patch", "configmap/fairway-gate-params", "-n=fairway-system", "--type=merge", `--patch={"data":{"probe-liveness-hair-trigger.silence":"1"}}`},
	} {
		b.Kubectl(t, "", args...)
	}
	// One rule fewer in the policy file, and one with another action.
	changed := strings.Replace(strings.Replace(policy, "  networkPolicy: deny\n", "", 1), "    host-network: deny\n", "    host-network: warn\n", 1)
	if err := os.WriteFile(file, []byte(changed), 0o666); err != nil {
		t.Fatal(err)
	}
	x := ask(1)
	for rule, want := range map[string][2]string{
		"run-as-root":                {"missing", "without its binding"},
		"probes-identical":           {"missing", "not installed"},
		"privileged-container":       {"edited", `spec.validationActions[0] is "Warn", not "Deny"`},
		"image-tag-latest":           {"edited", `spec.failurePolicy is "Ignore", not "Fail"`},
		"host-network":               {"outdated", `spec.validationActions[0] is "Deny", not "Warn"`},
		"networkpolicy-default-deny": {"leftover", "the policy file has it no more"},
		"team-label":                 {"in force", ""},
	} {
		found := false
		for _, r := range x.Rules {
			if r.Rule == rule {
				found = true
				if r.State != want[0] || !strings.Contains(r.Why, want[1]) {
					t.Errorf("%s is %s: %q, want %s: %q", rule, r.State, r.Why, want[0], want[1])
				}
			}
		}
		if !found {
			t.Errorf("nothing is said of %s", rule)
		}
	}
	if !strings.Contains(x.Params, `probe-liveness-hair-trigger.silence is "1", not "20"`) {
		t.Errorf("of the parameters it says %q", x.Params)
	}
	code, out, said := fairway(t, "gate", "status", "--policy", file, "--kubeconfig", b.Kubeconfig())
	if code != 1 || !strings.Contains(out, "  missing   run-as-root") || !strings.Contains(out, "next: fairway gate export") {
		t.Errorf("exit code %d: %s%s", code, out, said)
	}
	t.Log(out)
	// Somebody who may not read policies.
	b.Kubectl(t, "", "create", "serviceaccount", "nobody", "-n=shop")
	b.Kubectl(t, "", "create", "rolebinding", "nobody", "--clusterrole=view", "--serviceaccount=shop:nobody", "-n=shop")
	token := strings.TrimSpace(b.Kubectl(t, "", "create", "token", "nobody", "-n=shop"))
	config := filepath.Join(t.TempDir(), "config")
	raw := b.Kubectl(t, "", "config", "view", "--raw", "--flatten", "--minify", "-o=json")
	var view map[string]any
	if err := json.Unmarshal([]byte(raw), &view); err != nil {
		t.Fatal(err)
	}
	user := view["users"].([]any)[0].(map[string]any)
	user["user"] = map[string]any{"token": token}
	data, _ := json.Marshal(view)
	if err := os.WriteFile(config, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, said := fairway(t, "gate", "status", "--policy", file, "--kubeconfig", config, "-n", "shop"); code != 3 || !strings.Contains(said, "cannot be read") || !strings.Contains(said, "forbidden") {
		t.Errorf("without rights: exit code %d: %s", code, said)
	}
}
