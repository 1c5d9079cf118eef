package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The input of the golden reports. Between them the files have what makes frames hard: wide characters, tabs, CRLF, a line of two
// thousand characters, and two files that try to speak to the terminal: YAML refuses raw control characters, but not what escapes
// stand for, nor marks that change the direction of text.
const evilFile = "evil\x1b[2J.yaml"

var inputs = map[string]string{
	"deploy/checkout.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
  namespace: shop
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: checkout
          image: registry.example.com/checkout:latest
          # the old probe was better
          readinessProbe:
            httpGet: {path: /health, port: http}
          livenessProbe:
            httpGet: {path: /health, port: http}
        - name: proxy
`,
	"deploy/service.yaml": `apiVersion: v1
kind: Service
metadata:
  name: checkout
  namespace: shop
spec:
  ports:
    - port: 80
      targetPort: 8081
`,
	"copies/api.yaml": "kind: Deployment\r\nmetadata:\r\n  name: api\r\nspec:\r\n  template:\r\n    spec:\r\n      containers:\r\n        - name: api\r\n          image: api:1\r\n",
	"wide/名前.yaml":    "kind: Deployment\nmetadata:\n  name: 名前\n  annotations:\n    note: {\"説明\":\t\"ここ\", owner: nobody}\n",
	evilFile: "kind: ConfigMap\nmetadata:\n  name: \"x\\e]0;owned\\a\u202e\"\ndata: {a: \"" + strings.Repeat("long ", 400) + "\", b: here, c: \"" +
		strings.Repeat("tail ", 100) + "\"}\n",
	"broken.yaml": "kind: Pod\nmetadata:\n  name: [unclosed\x1b[2J # \x9b31m\n",
}

var infos = map[string]finding.RuleInfo{
	"probes-identical": {
		Title: "liveness and readiness ask the same question", Severity: finding.Must,
		Why:      "A slow answer takes the pod out of the Service and restarts it as well, so that every kill moves load to the pods that are left.",
		How:      "Give readiness and liveness endpoints of their own.",
		Incident: "cascading-restarts", IncidentSummary: "one /health answered three probes; liveness killed what was still booting",
		Link: "https://kubernetes.io/docs/concepts/workloads/pods/probes/",
	},
	"targetport-not-on-pod": {Title: "a Service leads to a port that no container listens on", Severity: finding.Must,
		Why: "Connections to the Service are refused.", How: "Name the port that the container listens on.", Incident: "port-mismatch"},
	"requests-missing": {Title: "a container asks for no CPU or memory", Severity: finding.Should,
		Why: "The scheduler takes it for empty and packs the node until it breaks.", How: "Set resources.requests.cpu and resources.requests.memory to what the container uses at its busiest."},
	"annotation-odd":        {Title: "an annotation says nothing", Severity: finding.Could, Why: "Nobody knows who to call.", How: "Name an owner."},
	"networkpolicy-missing": {Title: "no NetworkPolicy selects the pods", Severity: finding.Should, Why: "Everything may talk to it.", How: "Add one."},
}

// bench makes reports about the inputs, parsed.
type bench struct {
	files map[string]*source.File
	finding.Report
}

func newBench() *bench {
	b := &bench{files: map[string]*source.File{}}
	for name, data := range inputs {
		b.files[name] = source.Parse(name, []byte(data))
	}
	b.Rule = func(id string) finding.RuleInfo { return infos[id] }
	b.Source = func(name string) *source.File { return b.files[name] }
	return b
}

// find adds a finding about a field of a file's only object, placed as rules place theirs. Without a file it is about an object of a
// live cluster.
func (b *bench) find(rule, file, field, message string, object, workload finding.Ref) *finding.Finding {
	f := &finding.Finding{Rule: rule, Severity: infos[rule].Severity, Object: object, Workload: workload, Field: field, Message: message}
	if file != "" {
		f.Root = b.files[file].Docs[0].Root
		f.Place = b.place(file, field)
	}
	b.Findings = append(b.Findings, f)
	return f
}

func (b *bench) place(file, field string) finding.Place {
	e, _ := b.files[file].Docs[0].Root.Reach(source.MustPath(field))
	return rule.PlaceOf(e)
}

// edit makes an edit of the text that is found last in a file.
func (b *bench) edit(file, old, new string) source.Edit {
	at := bytes.LastIndex(b.files[file].Data, []byte(old))
	return source.Edit{Span: source.Span{Start: at, End: at + len(old)}, New: new}
}

func deployment(ns, name string) finding.Ref {
	return finding.Ref{APIVersion: "apps/v1", Kind: "Deployment", Namespace: ns, Name: name}
}

// sample is a report with everything in it.
func sample() *finding.Report {
	b := newBench()
	const c0 = "spec.template.spec.containers[0]"
	checkout, api := deployment("shop", "checkout"), deployment("", "api")
	service := finding.Ref{APIVersion: "v1", Kind: "Service", Namespace: "shop", Name: "checkout"}
	evil := finding.Ref{APIVersion: "v1", Kind: "ConfigMap", Name: "x\x1b]0;owned\a\u202e"}
	wide := deployment("", "名前")

	b.find("requests-missing", "copies/api.yaml", c0+".resources", "container api asks for no memory", api, api)
	b.find("requests-missing", "deploy/checkout.yaml", c0+".resources.requests", "container checkout asks for no CPU and no memory", checkout, checkout)
	b.find("requests-missing", "deploy/checkout.yaml", "spec.template.spec.containers[1].resources", "container proxy asks for no CPU and no memory", checkout, checkout)
	split := b.find("probes-identical", "deploy/checkout.yaml", c0+".livenessProbe", "liveness and readiness ask the same question", checkout, checkout)
	split.Fix = &finding.Fix{Title: "split the probes; /health/live must exist first"}
	b.find("targetport-not-on-pod", "deploy/service.yaml", "spec.ports[0].targetPort", "no container of checkout listens on 8081; 8080 (http) is named", service, checkout).
		Fix = &finding.Fix{Title: "set targetPort: http"}
	b.find("annotation-odd", evilFile, "data.b", "value \"here\x1b[31m\nand\" | <b>@someone</b> `code` says nothing, 100%", evil, evil)
	b.find("annotation-odd", evilFile, "metadata.name", "the name hides what it is", evil, evil)
	b.find("annotation-odd", "wide/名前.yaml", "metadata.annotations.note.owner", "nobody is nobody", wide, wide)
	for i := range 4 {
		live := deployment("prod", fmt.Sprintf("web-%d", i))
		b.find("requests-missing", "", c0+".resources", "container web asks for no memory and for no CPU, and says nothing about ephemeral storage either", live, live)
		b.Unknown = append(b.Unknown, finding.Unknown{Rule: "networkpolicy-missing", Object: live, Missing: "no NetworkPolicy was in the input; check the namespace with --live"})
	}
	b.Unknown = append(b.Unknown, finding.Unknown{Rule: "networkpolicy-missing", Object: checkout, Place: b.place("deploy/checkout.yaml", ""),
		Missing: "no NetworkPolicy was in the input; check the namespace with --live"})
	slices.SortFunc(b.Findings, (*finding.Finding).Compare)
	slices.SortFunc(b.Unknown, finding.Unknown.Compare)

	b.Skipped = []finding.Skipped{
		{Place: finding.Place{File: "charts/x/templates/a.yaml"}, Reason: "helm-template"},
		{Place: finding.Place{File: "charts/x/templates/b.yaml"}, Reason: "helm-template"},
		{Place: finding.Place{File: "crd.yaml", Line: 3, Column: 1, EndLine: 3, EndColumn: 4}, Object: finding.Ref{APIVersion: "x.dev/v1", Kind: "Widget", Name: "w"}, Reason: "no-schema", Detail: "nobody knows Widget"},
	}
	b.Failures = []finding.Failure{
		{Place: finding.Place{File: "broken.yaml", Line: 3, Column: 9, EndLine: 3, EndColumn: 10}, Message: "the [ is not closed", Hint: "add a ] at the end of line 3"},
		{Place: finding.Place{File: "secret.yaml"}, Message: "permission denied", Hint: "make it readable: chmod +r secret.yaml"},
	}
	b.Files, b.Objects, b.Workloads, b.Affected = 212, 1403, 31, 6
	b.Suppressed, b.Baselined = 2, 1200
	b.Elapsed = 80 * time.Millisecond
	b.Edits = func(f *finding.Finding) []source.Edit {
		if f == split {
			return []source.Edit{b.edit("deploy/checkout.yaml", "/health,", "/health/live,"), b.edit("deploy/checkout.yaml", "\n", "\n          # end\n")}
		}
		return nil
	}
	return &b.Report
}

func clean() *finding.Report {
	return &finding.Report{Files: 12, Objects: 40, Workloads: 9, Elapsed: 1234 * time.Millisecond}
}

func TestGolden(t *testing.T) {
	text := func(o TextOptions) func(io.Writer, *finding.Report) error {
		return func(w io.Writer, r *finding.Report) error { return Text(w, r, o) }
	}
	sarif := func(w io.Writer, r *finding.Report) error { return SARIF(w, r, "1.2.3") }
	for _, tc := range []struct {
		file   string
		report func() *finding.Report
		write  func(io.Writer, *finding.Report) error
	}{
		{"text.txt", sample, text(TextOptions{})},
		{"text-narrow.txt", sample, text(TextOptions{Width: 60, Fold: 1})},
		{"text-full-color.txt", sample, text(TextOptions{Full: true, Color: true})},
		{"text-quiet.txt", sample, text(TextOptions{Quiet: true})},
		{"text-clean.txt", clean, text(TextOptions{})},
		{"json.json", sample, JSON},
		{"json-clean.json", clean, JSON},
		{"sarif.json", sample, sarif},
		{"sarif-clean.json", clean, sarif},
		{"junit.xml", sample, JUnit},
		{"junit-clean.xml", clean, JUnit},
		{"github.txt", sample, GitHub},
		{"github-clean.txt", clean, GitHub},
		{"markdown.md", sample, Markdown},
		{"markdown-clean.md", clean, Markdown},
	} {
		t.Run(tc.file, func(t *testing.T) {
			var got bytes.Buffer
			if err := tc.write(&got, tc.report()); err != nil {
				t.Fatal(err)
			}
			golden(t, tc.file, got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs (-want +got); -update rewrites it:\n%s", name, d)
	}
}
