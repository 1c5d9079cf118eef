package arch

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/fairway-k8s/fairway/"

// layer is how far up a package is. A package may import packages of lower layers, and of its own only along an exception.
type layer int

const (
	vocabulary layer = iota // values, no I/O
	engine                  // pure functions of snapshot, time and content
	adapter                 // all I/O
	surface                 // what people see
)

// layers places every package; a prefix stands for all packages below it.
var layers = map[string]layer{
	"content":              vocabulary,
	"internal/source":      vocabulary,
	"internal/finding":     vocabulary,
	"internal/problem":     vocabulary,
	"internal/spell":       vocabulary,
	"internal/cluster":     vocabulary,
	"internal/apiserver":   engine,
	"internal/rule":        engine,
	"internal/knowledge":   engine,
	"internal/goldenpath":  engine,
	"internal/lint":        engine,
	"internal/listing":     engine,
	"internal/gate":        engine,
	"internal/merge":       engine,
	"internal/probesim":    engine,
	"internal/boottime":    engine,
	"internal/probeplan":   engine,
	"internal/release":     engine,
	"internal/dump":        adapter,
	"internal/kube":        adapter,
	"internal/load":        adapter,
	"internal/store":       adapter,
	"internal/oci":         adapter,
	"internal/probeverify": adapter,
	"internal/cli":         surface,
	"internal/report":      surface,
	"internal/story":       surface,
	"internal/testkit":     surface,
	"internal/arch":        surface,
	"conformance":          surface,
	"cmd/fairway":          surface,
	"examples":             surface,
}

// exceptions are the edges that the layers do not allow by themselves, each with its reason. One that no import needs fails the test.
var exceptions = map[[2]string]string{
	{"internal/finding", "internal/source"}:      "a finding's fix is a list of changes to a tree",
	{"internal/cluster", "internal/source"}:      "an object knows the tree it was read from",
	{"internal/cluster", "internal/finding"}:     "an object's name is a finding.Ref",
	{"internal/rule", "internal/rule"}:           "families import the frame, the catalogue imports the families",
	{"internal/apiserver", "internal/apiserver"}: "schemas of custom resources are a part of it with a weight of its own",
	{"internal/goldenpath", "internal/merge"}:    "an upgrade is a merge of renderings",
	{"internal/release", "internal/goldenpath"}:  "it judges the catalogue of paths",
	{"internal/release", "internal/knowledge"}:   "what paths and changes name has to be a record",
	{"internal/release", "internal/merge"}:       "the difference of two versions is a merge",
	{"internal/knowledge", "internal/rule"}:      "the web of knowledge joins records with rules",
	{"internal/probesim", "internal/probesim"}:   "a fleet is made of the simulator's pods",
	{"internal/probeplan", "internal/boottime"}:  "a plan is made for a sample of boots",
	{"internal/probesim", "internal/probesim"}:   "a fleet is made of pods",
	{"internal/probeplan", "internal/probesim"}:  "a plan is made of the simulator's probes",
	{"internal/lint", "internal/rule"}:           "lint runs rules",
	{"internal/gate", "internal/gate"}:           "expressions are compiled in a package with a weight of its own",
	{"internal/gate", "internal/rule"}:           "the gate is made of rules' twins and of the policy file",
	{"internal/lint", "internal/apiserver"}:      "lint gives objects their typed form",
	{"internal/lint", "internal/load"}:           "lint takes what was loaded; only its values, never its I/O",
	{"internal/listing", "internal/load"}:        "what a cluster holds is loaded as what files hold is; only its values",
	{"internal/dump", "internal/load"}:           "a dump is an input as files are",
	{"internal/kube", "internal/load"}:           "a live cluster is an input as files are",
	{"internal/oci", "internal/store"}:           "files and the cache are written whole or not at all",
	{"internal/cli", "internal/report"}:          "the command line shows results through report",
	{"cmd/fairway", "internal/cli"}:              "main calls the command line",
	{"internal/story", "internal/cli"}:           "the story runs fairway as from the command line",
	{"conformance", "conformance"}:               "what the application on the node does is said by the test",
	{"conformance", "internal/testkit"}:          "the sample with the seeded mistakes is a program that runs on a node",
	{"examples", "internal/story"}:               "the program of the story plays it",
}

// bans are imports that a layer must never have, whatever the table above says.
var bans = []struct {
	from   string
	banned []string
	why    string
}{
	{"engine", []string{"os", "os/exec", "net", "net/http", "math/rand", "math/rand/v2", "k8s.io/client-go"}, "engines are pure: files, time and randomness are arguments"},
	{"vocabulary", []string{"os", "os/exec", "net", "net/http", "math/rand", "k8s.io/client-go"}, "vocabulary is values"},
	{"internal/source", []string{"k8s.io/", "sigs.k8s.io/"}, "the YAML engine knows nothing of Kubernetes"},
	{"internal/rule", []string{"k8s.io/kubernetes"}, "only apiserver links the API server's own code"},
	{"internal/cli", []string{"k8s.io/client-go"}, "only kube talks to API servers"},
	{"internal/dump", []string{"k8s.io/client-go"}, "only kube talks to API servers"},
	{"internal/load", []string{"k8s.io/client-go"}, "only kube talks to API servers"},
	{"internal/report", []string{"os", "net/http"}, "reports are written to a writer"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestDirectionOfImports(t *testing.T) {
	used := map[[2]string]bool{}
	for _, p := range list(t) {
		from := strings.TrimPrefix(p.ImportPath, module)
		at, home, ok := place(from)
		if !ok {
			t.Errorf("%s has no layer: give it one in this test and in the design", from)
			continue
		}
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				checkBans(t, from, at, imp)
				continue
			}
			below, toHome, ok := place(to)
			edge := [2]string{home, toHome}
			switch {
			case !ok: // said above
			case exceptions[edge] != "":
				used[edge] = true
			case below >= at:
				t.Errorf("%s imports %s: that is not downwards, and no exception allows it", from, to)
			}
		}
	}
	for e := range exceptions {
		if !used[e] {
			t.Errorf("the exception %s -> %s is not needed by any import", e[0], e[1])
		}
	}
}

func checkBans(t *testing.T, from string, at layer, imp string) {
	t.Helper()
	names := map[layer]string{vocabulary: "vocabulary", engine: "engine"}
	for _, b := range bans {
		if b.from != names[at] && from != b.from && !strings.HasPrefix(from, b.from+"/") {
			continue
		}
		for _, x := range b.banned {
			if imp == x || strings.HasSuffix(x, "/") && strings.HasPrefix(imp, x) || strings.HasPrefix(imp, x+"/") && strings.Contains(x, ".") {
				t.Errorf("%s imports %s: %s", from, imp, b.why)
			}
		}
	}
}

// place returns the layer of a package and the entry of the table that it falls under.
func place(p string) (layer, string, bool) {
	for q := p; q != ""; {
		if l, ok := layers[q]; ok {
			return l, q, true
		}
		i := strings.LastIndexByte(q, '/')
		if i < 0 {
			break
		}
		q = q[:i]
	}
	return 0, "", false
}

func TestTableNamesPackagesThatExist(t *testing.T) {
	all := list(t)
	for name := range layers {
		if !slices.ContainsFunc(all, func(p pkg) bool { return strings.HasPrefix(p.ImportPath+"/", module+name+"/") }) {
			t.Errorf("the table names %s, which does not exist", name)
		}
	}
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
