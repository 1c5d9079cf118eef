package crd

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/fairway-k8s/fairway/internal/source"
)

// want is an expectation behind a line: # want COLUMN RULE "part of the message or suggestion".
var want = regexp.MustCompile(`# want (\d+) (\S+) "([^"]*)"`)

// read returns an archive of testdata, and the schemas with its definitions.
func read(t *testing.T, file string) (*txtar.Archive, *Schemas) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := new(Schemas)
	for _, f := range archive.Files {
		for _, d := range source.Parse(f.Name, f.Data).Docs {
			s.Add(d.Root)
		}
	}
	return archive, s
}

// TestFiles checks testdata/*.txtar: definition.yaml is added, right.yaml has no problems, wrong.yaml those that its lines
// want, one to one.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			archive, s := read(t, file)
			for _, f := range archive.Files {
				checkFile(t, f, func(root source.Node) []Problem {
					problems, known := s.Check(root)
					if !known && !IsDefinition(root) {
						t.Errorf("%s: %s", f.Name, s.Missing(root))
					}
					return problems
				})
			}
		})
	}
	for _, p := range index().projects {
		if !seen[p.Name] {
			t.Errorf("testdata/%s.txtar is missing", p.Name)
		}
	}
}

func checkFile(t *testing.T, f txtar.File, check func(root source.Node) []Problem) {
	t.Helper()
	var wanted []string
	for i, line := range strings.Split(string(f.Data), "\n") {
		for _, m := range want.FindAllStringSubmatch(line, -1) {
			wanted = append(wanted, fmt.Sprintf("%d:%s %s %q", i+1, m[1], m[2], m[3]))
		}
	}
	if (len(wanted) > 0) != strings.HasPrefix(f.Name, "wrong") {
		t.Fatalf("%s has %d wants", f.Name, len(wanted))
	}
	for _, d := range source.Parse(f.Name, f.Data).Docs {
		if d.Err != nil {
			t.Fatalf("%s: %v", f.Name, d.Err)
		}
		for _, p := range check(d.Root) {
			at := p.Node.Position()
			prefix := fmt.Sprintf("%d:%d %s ", at.Line, at.Column, p.Rule)
			i := slices.IndexFunc(wanted, func(w string) bool {
				rest, ok := strings.CutPrefix(w, prefix)
				text, err := strconv.Unquote(rest)
				return ok && err == nil && strings.Contains(p.Message+"; "+p.Suggestion, text)
			})
			if i < 0 {
				t.Errorf("%s: not wanted: %s%s: %s; %s", f.Name, prefix, p.Field, p.Message, p.Suggestion)
				continue
			}
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	for _, w := range wanted {
		t.Errorf("%s: not found: %s", f.Name, w)
	}
}

// Every embedded schema can be made into a checker, and its rules compile.
func TestEmbeddedSchemas(t *testing.T) {
	var s Schemas
	kinds := 0
	for _, p := range index().projects {
		if p.Source == "" || p.Licence == "" || p.Version == "" {
			t.Errorf("%s: no source, licence or version", p.Name)
		}
		for _, k := range p.Kinds {
			for _, v := range slices.Concat(k.Versions, k.Unserved) {
				kinds++
				d := source.Parse("", []byte("apiVersion: "+k.Group+"/"+v+"\nkind: "+k.Kind+"\nmetadata: {name: a}\n")).Docs[0]
				if why := s.Missing(d.Root); why != "" {
					t.Error(why)
				}
				problems, _ := s.Check(d.Root)
				for _, p := range problems {
					if strings.Contains(p.Message, "compil") || p.Rule == "api-unjudged" {
						t.Errorf("%s/%s %s: %s", k.Group, v, k.Kind, p.Message)
					}
				}
			}
		}
	}
	if kinds < 150 {
		t.Errorf("only %d kinds are known", kinds)
	}
}

func TestMissing(t *testing.T) {
	var s Schemas
	for _, c := range []struct{ apiVersion, kind, want string }{
		{"example.com/v1", "Thing", "no schema of Thing in group example.com is known"},
		{"cert-manager.io/v1alpha2", "Certificate", "has no version v1alpha2 of Certificate, only v1"},
		{"cert-manager.io/v1", "Certificate", ""},
		{"a/b/c", "Thing", "unexpected GroupVersion string"},
	} {
		root := resource("", c.apiVersion, c.kind)
		got := s.Missing(root)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.apiVersion, c.kind, got, c.want)
		}
		if _, known := s.Check(root); known != (c.want == "") {
			t.Errorf("%s %s: known is %t", c.apiVersion, c.kind, known)
		}
	}
}

func resource(file, apiVersion, kind string) source.Node {
	return source.Parse(file, []byte("apiVersion: "+apiVersion+"\nkind: "+kind+"\nmetadata: {name: a}\nspec: {size: 1}\n")).Docs[0].Root
}

// Of several definitions of a kind the one nearest to the object counts; when several are as near and differ, what all of them say.
func TestNearestDefinitionCounts(t *testing.T) {
	definition := func(file, property, comment string) source.Node {
		return source.Parse(file, []byte(comment+`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
`+comment+`
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {`+property+`: {type: integer}}}}}}
`)).Docs[0].Root
	}
	var s Schemas
	s.Add(definition("old/crds/thing.yaml", "count", ""))
	s.Add(definition("new/crds/thing.yaml", "size", ""))
	s.Add(definition("new/install.yaml", "size", "# the same, written otherwise"))
	for file, want := range map[string]string{
		"old/samples/thing.yaml":           "spec.colour spec.size",
		"old/overlays/a (kustomize build)": "spec.colour spec.size",
		"old/crds/thing.yaml":              "spec.colour spec.size",
		"new/samples/thing.yaml":           "spec.colour spec.count",
		"new (kustomize build)":            "spec.colour spec.count",
		"samples/thing.yaml":               "spec.colour",
	} {
		root := source.Parse(file, []byte("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\nspec: {colour: 1, count: 1, size: 1}\n")).Docs[0].Root
		problems, known := s.Check(root)
		var fields []string
		for _, p := range problems {
			fields = append(fields, p.Field)
		}
		slices.Sort(fields)
		if got := strings.Join(fields, " "); got != want || !known {
			t.Errorf("%s: problems of %q, want %q; known is %t", file, got, want, known)
		}
		if namespaced, known := s.Namespaced(root); !known || !namespaced {
			t.Errorf("%s: namespaced is %t, known %t", file, namespaced, known)
		}
	}
}

func TestNamespaced(t *testing.T) {
	var s Schemas
	for _, c := range []struct {
		apiVersion, kind  string
		namespaced, known bool
	}{
		{"cert-manager.io/v1", "ClusterIssuer", false, true},
		{"cert-manager.io/v1", "Issuer", true, true},
		{"example.com/v1", "Thing", false, false},
	} {
		if n, k := s.Namespaced(resource("", c.apiVersion, c.kind)); n != c.namespaced || k != c.known {
			t.Errorf("%s %s: %t, %t", c.apiVersion, c.kind, n, k)
		}
	}
}

func TestFix(t *testing.T) {
	root := source.Parse("", []byte(`apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: a, labels: {v: 1}}
spec:
  secretname: a
  issuerRef: {name: a}
  isCA: "true"
  revisionHistoryLimit: "3"
`)).Docs[0].Root
	var s Schemas
	problems, _ := s.Check(root)
	got := map[string]source.Change{}
	for _, p := range problems {
		for _, c := range p.Fix {
			got[p.Field] = c
		}
	}
	wanted := map[string]source.Change{
		"metadata.labels.v":         {Op: source.Set, Path: source.MustPath("metadata.labels.v"), Value: source.String("1")},
		"spec.secretname":           {Op: source.Rename, Path: source.MustPath("spec.secretname"), Value: source.String("secretName")},
		"spec.isCA":                 {Op: source.Set, Path: source.MustPath("spec.isCA"), Value: source.Bool(true)},
		"spec.revisionHistoryLimit": {Op: source.Set, Path: source.MustPath("spec.revisionHistoryLimit"), Value: source.Int(3)},
	}
	if diff := cmp.Diff(wanted, got, cmp.AllowUnexported(source.Value{})); diff != "" {
		t.Errorf("fixes (-want +got):\n%s", diff)
	}
}

func TestLocate(t *testing.T) {
	root := source.Parse("", []byte(`metadata:
  annotations: {example.com/a.b: x, example.com/a: y}
spec:
  list: [{name: a}, {name: b, ports: []}]
  merged: &m {image: a}
  other: {<<: *m}
`)).Docs[0].Root
	for _, c := range []struct {
		field, path string
		line, col   int
	}{
		{"metadata.annotations.example.com/a.b", "metadata.annotations[example.com/a.b]", 2, 34},
		{"metadata.annotations[example.com/a]", "metadata.annotations[example.com/a]", 2, 52},
		{"spec.list[1].name", "spec.list[1].name", 4, 28},
		{"spec.list[1].ports", "spec.list[1].ports", 4, 31},
		{"spec.list[1].missing.deep[0].more", "spec.list[1].missing.deep[0].more", 4, 21},
		{"spec.list[7].name", "spec.list[7].name", 4, 3},
		{"spec.other.image", "spec.other.image", 5, 22},
		{"", "", 1, 1},
	} {
		at := locate(root, c.field)
		if got := at.path.String(); got != c.path {
			t.Errorf("%s: path %s, want %s", c.field, got, c.path)
		}
		if got := at.node().Position(); got != (source.Position{Line: c.line, Column: c.col}) {
			t.Errorf("%s is at %v, want %d:%d", c.field, got, c.line, c.col)
		}
	}
}

// A definition in the input wins over an embedded one, and a broken one makes its kind unknown.
func TestAddWins(t *testing.T) {
	certificate := source.Parse("", []byte("apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\nspec: {mine: 1}\n")).Docs[0].Root
	definition := `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: certificates.cert-manager.io}
spec:
  group: cert-manager.io
  scope: SCOPE
  names: {plural: certificates, singular: certificate, kind: Certificate, listKind: CertificateList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {mine: {type: integer}}}}}}
`
	var s Schemas
	if problems, known := s.Check(certificate); !known || len(problems) == 0 {
		t.Errorf("by the embedded schema: known is %t, %d problems", known, len(problems))
	}
	s.Add(source.Parse("", []byte(strings.Replace(definition, "SCOPE", "Cluster", 1))).Docs[0].Root)
	if problems, known := s.Check(certificate); !known || len(problems) > 0 {
		t.Errorf("by the added schema: known is %t, problems %v", known, problems)
	}
	if namespaced, known := s.Namespaced(certificate); namespaced || !known {
		t.Errorf("namespaced is %t, known %t", namespaced, known)
	}
	s = Schemas{}
	s.Add(source.Parse("", []byte(definition)).Docs[0].Root)
	if _, known := s.Check(certificate); known {
		t.Error("a definition with scope SCOPE is used")
	}
	if why := s.Missing(certificate); !strings.Contains(why, "not valid") {
		t.Errorf("the reason is %q", why)
	}
}

// The lazy rules say the same as the API server's validator, which compiles all rules of a schema at once.
func TestRulesLikeServer(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var s Schemas
	compared := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			for _, d := range source.Parse(f.Name, f.Data).Docs {
				s.Add(d.Root)
				gvk, _ := gvkOf(d.Root)
				all, _ := s.checkersFor(gvk, d.Root)
				if len(all) == 0 {
					continue
				}
				c := all[0]
				c.check(d.Root)
				obj, err := readObject(d.Root)
				if err != nil {
					t.Fatal(err)
				}
				if c.status {
					delete(obj, "status")
				}
				in, err := internal(new(c.wide.written(c.wide.root)))
				if err != nil {
					t.Fatal(err)
				}
				whole, err := structuralschema.NewStructural(in)
				if err != nil {
					t.Fatal(err)
				}
				defaulting.Default(obj, whole)
				naive := cel.NewValidator(whole, true, celconfig.PerCallLimit)
				wanted, left := naive.Validate(t.Context(), nil, nil, obj, nil, celconfig.RuntimeCELCostBudget)
				got, budget := c.wide.check(t.Context(), c.part, nil, obj, celconfig.RuntimeCELCostBudget)
				if diff := cmp.Diff(lines(wanted), lines(got)); diff != "" || left != budget {
					t.Errorf("%s %s: budget %d and %d, errors (-server +here):\n%s", file, gvk, left, budget, diff)
				}
				compared += len(wanted)
			}
		}
	}
	if compared < 5 {
		t.Errorf("only %d errors were compared", compared)
	}
}

// written writes a schema out, with shared schemas in all their places.
func (w *wide) written(s *apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
	out := *w.resolve(s).DeepCopy()
	for name, p := range out.Properties {
		out.Properties[name] = w.written(&p)
	}
	if out.Items != nil && out.Items.Schema != nil {
		*out.Items.Schema = w.written(out.Items.Schema)
	}
	if a := out.AdditionalProperties; a != nil && a.Schema != nil {
		*a.Schema = w.written(a.Schema)
	}
	return out
}

func lines(errs field.ErrorList) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Error())
	}
	slices.Sort(out)
	return out
}

// Many objects of one kind may be checked at once, the first among them.
func TestConcurrent(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/gateway-api.txtar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "wrong.yaml" })
	docs := source.Parse("wrong.yaml", archive.Files[i].Data).Docs
	var s Schemas
	var group sync.WaitGroup
	counts := make([]int, 8*len(docs))
	for i := range counts {
		group.Go(func() {
			problems, _ := s.Check(docs[i%len(docs)].Root)
			counts[i] = len(problems)
		})
	}
	group.Wait()
	for i, n := range counts {
		if n != counts[i%len(docs)] || n == 0 {
			t.Errorf("document %d has %d problems, then %d", i%len(docs), counts[i%len(docs)], n)
		}
	}
}

func TestDefinitionFields(t *testing.T) {
	for _, c := range []struct{ text, field, rule string }{
		{"spec: {group: example.com, scop: Cluster}", "spec.scop", "api-unknown-field"},
		{"spec: {group: example.com, versions: [{name: v1, served: yep}]}", "spec.versions", "api-wrong-type"},
		{"spec: {group: example.com, versions: v1}", "spec.versions", "api-wrong-type"},
	} {
		root := source.Parse("", []byte("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"+c.text+"\n")).Docs[0].Root
		problems := new(Schemas).CheckDefinition(root)
		if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.HasPrefix(p.Field, c.field) && p.Rule == c.rule }) {
			t.Errorf("%s: %v, want %s at %s", c.text, problems, c.rule, c.field)
		}
	}
}

// definitionOf is a definition of a kind of example.com with one version and a schema in flow style.
func definitionOf(kind, schema string) string {
	singular := strings.ToLower(kind)
	return `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ` + singular + `s.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: ` + singular + `s, singular: ` + singular + `, kind: ` + kind + `, listKind: ` + kind + `List}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: ` + schema + `}
`
}

// Rules of a whole object may use its name, which the schema does not list (KEP-2876).
func TestRuleOfName(t *testing.T) {
	var s Schemas
	s.Add(source.Parse("crd.yaml", []byte(definitionOf("Thing", `{type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}},
        x-kubernetes-validations: [{rule: "self.metadata.name.startsWith('good')", message: "bad name"}]}`))).Docs[0].Root)
	for name, want := range map[string]int{"good": 0, "evil": 1} {
		root := source.Parse("a.yaml", []byte("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: "+name+"}\nspec: {size: 1}\n")).Docs[0].Root
		problems, known := s.Check(root)
		if !known || len(problems) != want || want == 1 && !strings.Contains(problems[0].Message, "bad name") {
			t.Errorf("%s: known is %t, problems %v", name, known, problems)
		}
	}
}
