package crd

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/source"
)

// CheckDefinition finds what testdata/definition wants, and at the same fields as the API server's own validation, which the program
// does not link.
func TestDefinitions(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/definition/definition.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		checkFile(t, f, new(Schemas).CheckDefinition)
		for _, d := range source.Parse(f.Name, f.Data).Docs {
			want, got := fieldsOf(serverCheck(t, d.Root)), fieldsOf(new(Schemas).CheckDefinition(d.Root))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-server +got):\n%s", f.Name, diff)
			}
		}
	}
}

// fieldsOf are the rules and fields of problems. The words differ in places.
func fieldsOf(problems []Problem) []string {
	var list []string
	for _, p := range problems {
		list = append(list, p.Rule+" "+p.Field)
	}
	return list
}

// serverCheck says what the API server's validation says of a definition: names, versions, schemas that are not structural, CEL rules
// that do not compile or cost too much. Reading it, and fields that are unknown, come before.
func serverCheck(t *testing.T, root source.Node) []Problem {
	t.Helper()
	d := &definition{root: root.Resolve()}
	def, err := d.internal()
	if err != nil {
		t.Fatal(err)
	}
	r := report{root: d.root}
	for _, e := range validation.ValidateCustomResourceDefinition(t.Context(), def) {
		e.Field = versioned(e.Field, def)
		r.fieldError(e)
	}
	return r.sorted()
}

// hoisted are the parts of versions that the API server keeps once when all versions agree, under these names.
var hoisted = regexp.MustCompile(`^spec\.(validation|subresources|additionalPrinterColumns|selectableFields)(\W|$)`)

// versioned returns a path of the API server's own form of a definition as it is in v1, where every version has its schema.
func versioned(path string, def *apiextensions.CustomResourceDefinition) string {
	m := hoisted.FindStringSubmatch(path)
	if m == nil || len(def.Spec.Versions) == 0 {
		return path
	}
	// The storage version is the one that people look at first.
	i := max(0, slices.IndexFunc(def.Spec.Versions, func(v apiextensions.CustomResourceDefinitionVersion) bool { return v.Storage }))
	name := m[1]
	if name == "validation" {
		name = "schema"
	}
	return "spec.versions[" + strconv.Itoa(i) + "]." + name + strings.TrimPrefix(path, "spec."+m[1])
}

// TestBrokenInPart: an object that has something where the schema cannot be converted is not judged; the others are, in whatever order.
func TestBrokenInPart(t *testing.T) {
	definition := definitionOf("Disk", `{type: object, properties: {good: {type: string}, bad: {type: string, $ref: "#/x"}}}`)
	var s Schemas
	s.Add(source.Parse("", []byte(definition)).Docs[0].Root)
	var roots []source.Node
	for _, fields := range []string{"good: 1", "bad: x", "good: 2", "bad: y"} {
		roots = append(roots, source.Parse("", []byte("apiVersion: example.com/v1\nkind: Disk\nmetadata: {name: a}\n"+fields+"\n")).Docs[0].Root)
	}
	for _, expect := range []bool{false, true} {
		if expect {
			s.Expect(slices.Values(roots))
			s.checkers = nil
		}
		for i, root := range roots {
			want := apiserver.WrongType
			if i%2 == 1 {
				want = apiserver.Unjudged
			}
			if problems, _ := s.Check(root); len(problems) != 1 || problems[0].Rule != want {
				t.Errorf("object %d, expected beforehand: %t: want %s, got %v", i, expect, want, problems)
			}
		}
	}
}
