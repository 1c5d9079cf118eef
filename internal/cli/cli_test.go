package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/testkit/probesample"
)

var update = flag.Bool("update", false, "rewrite the expected outputs of scripts and the generated reference pages")

// now is the day on which scripts run. The clock stands still, so outputs hold no elapsed time.
var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	run := func() {
		e := System()
		e.Now = func() time.Time { return now }
		os.Exit(Run(context.Background(), os.Args, e))
	}
	testscript.Main(m, map[string]func(){"fairway": run, "kubectl-fairway": run,
		"sample": func() { os.Exit(probesample.Main(os.Args[1:])) }})
}

// freePort finds a port below those that systems take for outgoing connections: nobody takes it before a program of a script does.
func freePort() (int, error) {
	for {
		port := 10000 + rand.IntN(5000)
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err == nil {
			return port, l.Close()
		} else if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, err
		}
	}
}

// TestScripts runs testdata/script/*.txtar: a topic each, commands and their outputs. Besides the commands of testscript there are
//
//	exit CODE COMMAND...      run a command that must end with an exit code
//	schema NAME FILE          FILE is valid by docs/schema/NAME
//	xml FILE                  FILE is well-formed XML
//	grow FILE TIMES BLOCK     write FILE: BLOCK as often as said, with every %d in it replaced by the number
//	utf16 FILE TO             write FILE as UTF-16 with a byte order mark
func TestScripts(t *testing.T) {
	schemas, err := filepath.Abs("../../docs/schema")
	if err != nil {
		t.Fatal(err)
	}
	kore, err := filepath.Abs("../../examples/catalogue-kore")
	if err != nil {
		t.Fatal(err)
	}
	// A registry as others have them; each script has a repository of its own in it.
	images := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	t.Cleanup(images.Close)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SCHEMAS", schemas)
			e.Setenv("KORE", kore)
			for _, name := range []string{"MAIN", "HEALTH"} { // of the sample in probe_verify.txtar
				port, err := freePort()
				if err != nil {
					return err
				}
				e.Setenv(name, strconv.Itoa(port))
			}
			e.Setenv("REGISTRY", strings.TrimPrefix(images.URL, "http://"))
			e.Setenv("DOCKER_CONFIG", filepath.Join(e.WorkDir, "docker"))
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			return nil
		},
		Condition: func(c string) (bool, error) {
			if c == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %s", c)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exit":    exitCommand,
			"schema":  schemaCommand,
			"xml":     xmlCommand,
			"grow":    growCommand,
			"utf16":   utf16Command,
			"replace": replaceCommand,
			"cptree":  cptreeCommand,
		},
	})
}

func exitCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exit CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		x, ok := errors.AsType[interface {
			error
			ExitCode() int
		}](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = x.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func schemaCommand(ts *testscript.TestScript, _ bool, args []string) {
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(ts.Getenv("SCHEMAS"), args[0]))
	ts.Check(err)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[1])))
	ts.Check(err)
	ts.Check(s.Validate(doc))
}

func xmlCommand(ts *testscript.TestScript, _ bool, args []string) {
	dec := xml.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	for {
		if _, err := dec.Token(); err == io.EOF {
			return
		} else if err != nil {
			ts.Fatalf("%s: %v", args[0], err)
		}
	}
}

func growCommand(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	block := ts.ReadFile(args[2])
	var b bytes.Buffer
	for i := range n {
		b.WriteString(strings.ReplaceAll(block, "%d", strconv.Itoa(i)))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o666))
}

func utf16Command(ts *testscript.TestScript, _ bool, args []string) {
	out := []byte{0xff, 0xfe}
	for _, c := range []byte(ts.ReadFile(args[0])) {
		out = append(out, c, 0)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o666))
}

// replaceCommand replaces a text that stands in a file once: replace FILE OLD NEW.
func replaceCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if n := strings.Count(text, args[1]); n != 1 {
		ts.Fatalf("%q is %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(text, args[1], args[2], 1)), 0o666))
}

// cptreeCommand copies a folder: cptree FROM TO.
func cptreeCommand(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// Every verb has an example in its help, and a word for each of its flags.
func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"lint"}, {"lint", "rules"}, {"explain"}, {"changelog"}, {"upgrade"}, {"adopt"}, {"catalogue"}, {"catalogue", "init"}, {"catalogue", "lint"}, {"catalogue", "test"}, {"catalogue", "diff"},
		{"catalogue", "keygen"}, {"catalogue", "pack"}, {"catalogue", "push"}, {"catalogue", "pull"}, {"catalogue", "verify"}} {
		var out bytes.Buffer
		if code := Run(t.Context(), append(append([]string{"fairway"}, args...), "--help"), Env{Stdout: &out, Stderr: &out, Now: time.Now}); code != 0 {
			t.Errorf("%v --help: exit code %d", args, code)
		}
		if !strings.Contains(out.String(), "Examples:\n  fairway ") {
			t.Errorf("%v --help has no example:\n%s", args, out.String())
		}
	}
}

func TestColour(t *testing.T) {
	for _, x := range []struct {
		flag     string
		terminal bool
		env      map[string]string
		want     bool
	}{
		{"auto", true, nil, true},
		{"auto", false, nil, false},
		{"auto", true, map[string]string{"NO_COLOR": "1"}, false},
		{"auto", true, map[string]string{"TERM": "dumb"}, false},
		{"always", false, map[string]string{"NO_COLOR": "1"}, true},
		{"never", true, nil, false},
	} {
		e := Env{Terminal: x.terminal, Getenv: func(k string) string { return x.env[k] }}
		if got := e.colour(x.flag); got != x.want {
			t.Errorf("--color %s, terminal %v, %v: %v, want %v", x.flag, x.terminal, x.env, got, x.want)
		}
	}
}

// The lists that JSON shows are never null.
// The next command asks the same cluster and the same namespaces again.
func TestHintKeepsTheSource(t *testing.T) {
	r := &lint.Result{Findings: []*finding.Finding{{Rule: "image-tag-latest"}, {Rule: "seccomp-missing"}}}
	for want, f := range map[string]lintFlags{
		"basic PATH shows the 1 ":                                      {},
		"basic --live --kubeconfig k --context c -n shop shows the 1 ": {live: true, cluster: clusterFlags{kubeconfig: "k", context: "c", namespace: "shop"}},
		"basic --live -A shows the 1 ":                                 {live: true, cluster: clusterFlags{all: true}},
		"basic --from a.tgz -n shop shows the 1 ":                      {from: "a.tgz", cluster: clusterFlags{namespace: "shop"}},
	} {
		f.firstVisit = true
		if got := f.hint(r); !strings.Contains(got, want) {
			t.Errorf("got %q, want it to have %q", got, want)
		}
	}
}

// Rules with the same fault share its words, commands are on one line, and an export is advised only where it mends something.
func TestGateStatusText(t *testing.T) {
	s := gateStanding{Context: "c", Rules: []gateRuleJSON{
		{Rule: "a", State: gate.Outdated, Why: "another version", Version: "1"},
		{Rule: "b", State: gate.Outdated, Why: "another version", Version: "1"},
		{Rule: "c", State: gate.Leftover, Why: "the policy file has it no more", Next: "kubectl delete " + strings.Repeat("long/name ", 9)},
		{Rule: "d", State: gate.Force},
	}, Summary: map[gate.State]int{gate.Outdated: 2, gate.Leftover: 1, gate.Force: 1},
		Today: []gateTodayJSON{{Rule: "d", Action: gate.Deny, Objects: 9, Namespaces: []gateNamespaceJSON{{"shop", 9, []string{"Deployment/one", "Deployment/two", "Deployment/three"}}}}}}
	want := `gate of c: 4 rules, 1 in force, 2 outdated, 1
leftover

  outdated  a, b
            another version (version 1)
  leftover  c
            the policy file has it no more
            next: kubectl delete ` + strings.Repeat("long/name ", 9) + `
  next: fairway gate export -o gate/ && kubectl apply --server-side -f gate/

If it came in today:
  deny   d  9 objects
           shop 9: Deployment/one, Deployment/two,
                   Deployment/three and 6 more
`
	if got := s.text(50); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	s.Rules = s.Rules[2:]
	if got := s.text(50); strings.Contains(got, "gate export") {
		t.Errorf("an export mends nothing here:\n%s", got)
	}
	s.Rules = slices.Repeat([]gateRuleJSON{{Rule: "a", State: gate.Missing, Why: "it is not installed"}}, 3)
	if got := s.text(50); !strings.Contains(got, "  missing   all 3 rules\n            it is not installed\n  next: fairway gate export") {
		t.Errorf("got\n%s", got)
	}
}

func TestNoNulls(t *testing.T) {
	data, err := json.Marshal(listRules(nil))
	if err != nil || strings.Contains(string(data), "null") {
		t.Errorf("%s, %v", data, err)
	}
}

// What takes longer than a second is told on a terminal, and taken back. Everything else is silent.
func TestWait(t *testing.T) {
	for _, x := range []struct {
		terminal bool
		after    time.Duration
		want     string
	}{
		{true, 1500 * time.Millisecond, "\r\x1b[Kfairway: reading shop\r\x1b[K"},
		{true, 500 * time.Millisecond, ""},
		{false, 1500 * time.Millisecond, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			done := Env{Stderr: &out, ErrTerminal: x.terminal}.wait("reading shop")
			time.Sleep(x.after)
			done()
			time.Sleep(2 * time.Second)
			if out.String() != x.want {
				t.Errorf("terminal %v, after %v: %q, want %q", x.terminal, x.after, out.String(), x.want)
			}
		})
	}
}
