package probeverify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// answer is what is read of the JSON of fairway probe verify.
type answer struct {
	Pod  string
	Rows []struct {
		Row, Verdict, Why string
		Cells             []struct {
			Endpoint, Seen string
			Holds          bool
		}
		Faults []struct{ Endpoint, What, Fleet string }
	}
	Summary map[string]int
}

// verdict of a row, "" when it was not done.
func (a *answer) verdict(row string) string {
	for _, r := range a.Rows {
		if r.Row == row {
			return r.Verdict
		}
	}
	return ""
}

// verify runs fairway probe verify, which has to exit with the code.
func verify(t *testing.T, code int, args ...string) *answer {
	t.Helper()
	var out, said bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: os.Getenv, Now: time.Now}
	if got := cli.Run(t.Context(), append([]string{"fairway", "probe", "verify", "-o", "json"}, args...), env); got != code {
		t.Fatalf("fairway probe verify %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out.String(), said.String())
	}
	a := &answer{}
	if code != 2 {
		if err := json.Unmarshal(out.Bytes(), a); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// A pod of a cluster is asked through the API server: whether it is healthy, and the traps. What needs the process is not checked.
func TestVerifyPod(t *testing.T) {
	b := bed.Node(t)
	b.Load(t, "localhost/probesample:1", "./sampleapp")
	b.Kubectl(t, "", "create", "namespace", "probes")
	mistakes := map[string]string{"": "", "login": "redirect", "other-host": "redirect", "password": "auth", "page": "big-body", "stalls": "whole-body", "cuts": "whole-body",
		"no-close": "keep-alive", "one-host": "host", "speaks-tls": "tls", "flaps": "healthy"}
	var manifests strings.Builder
	for m := range mistakes {
		fmt.Fprintf(&manifests, manifest, name(m), m)
	}
	b.Kubectl(t, manifests.String(), "apply", "-n", "probes", "-f", "-")
	b.Kubectl(t, "", "rollout", "status", "-n", "probes", "deploy/correct", "--timeout=60s")
	for m := range mistakes { // the others run too, ready or not
		b.Eventually(t, time.Minute, "true", "get", "pods", "-n", "probes", "-l", "app="+name(m), "-o", "go-template",
			"--template", `{{range .items}}{{range .status.containerStatuses}}{{if .state.running}}true{{end}}{{end}}{{end}}`)
	}
	for m, row := range mistakes {
		t.Run(name(m), func(t *testing.T) {
			code := 0
			if row != "" {
				code = 1
			}
			a := verify(t, code, "deploy/"+name(m), "--live", "-n", "probes", "--kubeconfig", b.Kubeconfig())
			if !strings.HasPrefix(a.Pod, name(m)+"-") {
				t.Errorf("pod %q was asked", a.Pod)
			}
			if row != "" && a.verdict(row) != "breaks" {
				t.Errorf("row %s %s: %+v", row, a.verdict(row), a.Rows)
			}
			for _, r := range a.Rows {
				needsProcess := !slices.Contains([]string{"healthy", "whole-body", "redirect", "auth", "big-body", "keep-alive", "host", "tls"}, r.Row)
				if needsProcess != (r.Verdict == "not checked") || needsProcess && r.Why == "" {
					t.Errorf("%s %s: %s", r.Row, r.Verdict, r.Why)
				}
				if row == "" && r.Verdict == "breaks" {
					t.Errorf("%s breaks: %+v", r.Row, r.Faults)
				}
			}
		})
	}
	t.Run("pod", func(t *testing.T) {
		pod := strings.TrimSpace(b.Kubectl(t, "", "get", "pods", "-n", "probes", "-l", "app=correct", "-o", "jsonpath={.items[0].metadata.name}"))
		if a := verify(t, 0, "pod/"+pod, "--live", "-n", "probes", "--kubeconfig", b.Kubeconfig()); a.Pod != pod {
			t.Errorf("pod %q was asked, want %q", a.Pod, pod)
		}
	})
	t.Run("nothing listens", func(t *testing.T) {
		a := verify(t, 1, "deploy/correct", "--live", "-n", "probes", "--kubeconfig", b.Kubeconfig(), "--live-url", "http://127.0.0.1:9/health/live", "--only", "healthy")
		if len(a.Rows) != 1 || len(a.Rows[0].Faults) != 1 || !strings.Contains(a.Rows[0].Faults[0].What, "refused") {
			t.Errorf("%+v", a.Rows)
		}
	})
}

// Koreserver with the SDK gets through every row, in the times in which people run it: nothing breaks, and nothing is left unchecked.
func TestKoreserver(t *testing.T) {
	if os.Getenv("FAIRWAY_TESTBED") == "" {
		t.Skip("it takes minutes: make conformance runs it")
	}
	if os.Geteuid() != 0 {
		t.Log("not root: CPU is taken away by signals")
	}
	dir := t.TempDir()
	build := func(name, pkg string) string {
		t.Helper()
		to := filepath.Join(dir, name)
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", to, pkg)
		cmd.Dir = "../../examples/koreserver" // a module of its own
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return to
	}
	kore, sessions := build("koreserver", "."), build("sessionstore", "./sessionstore")
	port := func() string {
		t.Helper()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, p, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	redis, main, health := port(), port(), port()
	store := exec.CommandContext(t.Context(), sessions, "-listen", "127.0.0.1:"+redis)
	if err := store.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Process.Kill(); _ = store.Wait() })
	for i := 0; ; i++ {
		c, err := net.Dial("tcp", "127.0.0.1:"+redis)
		if err == nil {
			c.Close()
			break
		} else if i == 100 {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	verifyKore := func(code int, truths string, urls ...string) *answer {
		t.Helper()
		return verify(t, code, slices.Concat(urls, []string{"--dependency", "REDIS=127.0.0.1:" + redis + ",shared", "--load", "http://127.0.0.1:" + main + "/talk?for=300ms",
			"--load", "http://127.0.0.1:" + main + "/cart", "--deadlock", "--fault=deadlock@1s", "--", kore, "--boot", "3s", "--truths", truths,
			"--listen", ":" + main, "--health", ":" + health, "--sessions", "redis://{REDIS}"})...)
	}
	for _, r := range verifyKore(0, "three", "http://127.0.0.1:"+health).Rows {
		if r.Verdict != "holds" && !(r.Verdict == "not checked" && (r.Row == "loopback" || r.Row == "ipv6")) { // the machine has other addresses or not
			t.Errorf("%s: %s %s %+v", r.Row, r.Verdict, r.Why, r.Faults)
		}
	}
	// With one truth it is what the story is about.
	a := verifyKore(1, "one", "http://127.0.0.1:"+main+"/health", "--skip", "overload,cpu-starved,stopped,deadlock", "--fault-for", "5s")
	for _, row := range []string{"booting", "healthy", "dependency-down", "dependency-hung", "dependency-slow", "fan-out"} {
		if got := a.verdict(row); got != "breaks" {
			t.Errorf("with one truth, %s: %s", row, got)
		}
	}
}

// name is what the workload of a mistake is called.
func name(mistake string) string {
	if mistake == "" {
		return "correct"
	}
	return mistake
}

const manifest = `
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s, labels: {app: %[1]s}}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
      - name: app
        image: localhost/probesample:1
        imagePullPolicy: Never
        args: ["-listen", ":8080", "-health", ":8081", "-mistake", "%[2]s"]
        ports: [{name: http, containerPort: 8080}, {name: health, containerPort: 8081}]
        startupProbe: {httpGet: {path: /health/started, port: health}, periodSeconds: 1, failureThreshold: 300}
        readinessProbe: {httpGet: {path: /health/ready, port: health}, periodSeconds: 1}
        livenessProbe: {httpGet: {path: /health/live, port: health}, periodSeconds: 20, timeoutSeconds: 1, failureThreshold: 30}
`
