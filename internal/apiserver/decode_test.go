package apiserver

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/randfill"
	"sigs.k8s.io/yaml"

	"github.com/fairway-k8s/fairway/internal/source"
)

// reading is what a decoder made of a document: the object, the unknown fields, and whether something had the wrong type.
type reading struct {
	object  any
	unknown []string
	wrong   string
}

// ours reads a document with the package's decoder.
func ours(root source.Node, typ reflect.Type) reading {
	v := reflect.New(typ)
	var d decoder
	d.decode(root, planOf(typ), v.UnsafePointer())
	r := reading{object: v.Interface()}
	for _, p := range d.problems {
		if p.Rule == UnknownField {
			r.unknown = append(r.unknown, plainPath(p.Field))
		} else if r.wrong == "" {
			r.wrong = p.Field + ": " + p.Message
		}
	}
	slices.Sort(r.unknown)
	r.unknown = slices.Compact(r.unknown)
	return r
}

var unknownError = regexp.MustCompile(`^unknown field "(.*)"$`)

// theirs reads it as k8s.io/apimachinery/pkg/runtime/serializer/json does for YAML in strict mode: YAML to JSON, then
// sigs.k8s.io/json.
func theirs(text []byte, typ reflect.Type) (reading, error) {
	v := reflect.New(typ)
	j, err := yaml.YAMLToJSON(text)
	if err != nil {
		return reading{}, err
	}
	strict, err := kjson.UnmarshalStrict(j, v.Interface())
	r := reading{object: v.Interface()}
	if err != nil {
		r.wrong = err.Error()
	}
	for _, e := range strict {
		if m := unknownError.FindStringSubmatch(e.Error()); m != nil {
			r.unknown = append(r.unknown, plainPath(strings.ReplaceAll(m[1], `\"`, `"`)))
		}
	}
	slices.Sort(r.unknown)
	r.unknown = slices.Compact(r.unknown)
	return r, nil
}

// plainPath writes a path in the one way in which both decoders' paths can be compared.
func plainPath(s string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(s)
}

// differ says how two readings differ, "" when they do not. Their decoder stops at the first wrong type.
func differ(a, b reading) string {
	var out []string
	if a.wrong != "" && b.wrong != "" {
		return ""
	}
	if !slices.Equal(a.unknown, b.unknown) {
		out = append(out, fmt.Sprintf("unknown fields: ours %q, theirs %q", a.unknown, b.unknown))
	}
	if (a.wrong == "") != (b.wrong == "") {
		out = append(out, fmt.Sprintf("wrong types: ours %q, theirs %q", a.wrong, b.wrong))
	}
	if !reflect.DeepEqual(a.object, b.object) {
		diff := cmp.Diff(a.object, b.object, cmp.Exporter(func(reflect.Type) bool { return true }),
			cmp.Comparer(func(a, b metav1.FieldsV1) bool { return sameJSON(a.GetRawBytes(), b.GetRawBytes()) }),
			cmp.Comparer(func(a, b runtime.RawExtension) bool { return sameJSON(a.Raw, b.Raw) }),
			cmp.Comparer(func(a, b apiextensionsv1.JSON) bool { return sameJSON(a.Raw, b.Raw) }))
		if diff != "" {
			out = append(out, "objects (-ours +theirs): "+diff)
		}
	}
	return strings.Join(out, "\n")
}

// sameJSON compares the JSON that a type keeps as it is: YAML's way to JSON sorts keys, ours does not.
func sameJSON(a, b []byte) bool {
	var x, y any
	errA, errB := json.Unmarshal(a, &x), json.Unmarshal(b, &y)
	return string(a) == string(b) || errA == nil && errB == nil && reflect.DeepEqual(x, y)
}

// TestDecodeCorpus reads every document of the test data, and of the folder in FAIRWAY_CORPUS, with both decoders.
func TestDecodeCorpus(t *testing.T) {
	read := 0
	each := func(name string, data []byte) {
		file := source.Parse(name, data)
		for _, doc := range file.Docs {
			typed, ok := nameOf(doc.Root)
			k := known().kinds[typed]
			if !ok || k == nil {
				continue
			}
			their, err := theirs(data[doc.Span.Start:doc.Span.End], k.typ)
			if err != nil {
				t.Logf("%s: document %d: not YAML for sigs.k8s.io/yaml: %v", name, doc.Index, err)
				continue
			}
			read++
			if diff := differ(ours(doc.Root, k.typ), their); diff != "" {
				t.Errorf("%s: document %d: %s", name, doc.Index, diff)
			}
		}
	}
	archives, _ := filepath.Glob("testdata/*/*.txtar")
	for _, archive := range archives {
		a, err := txtar.ParseFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			each(archive+"/"+f.Name, f.Data)
		}
	}
	if read == 0 {
		t.Fatal("no documents read")
	}
	if dir := os.Getenv("FAIRWAY_CORPUS"); dir != "" {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch filepath.Ext(path) {
			case ".yaml", ".yml", ".json":
				data, err := os.ReadFile(path)
				if err != nil || e.IsDir() {
					return err
				}
				each(path, data)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d documents", read)
}

// TestDecodeRandom fills objects of every kind with random values, writes them as JSON or YAML, breaks some, and reads them
// with both decoders.
func TestDecodeRandom(t *testing.T) {
	rounds := 20
	if testing.Short() {
		rounds = 2
	}
	total, unknown, wrong := 0, 0, 0
	for _, gvk := range objectKinds() {
		typ := known().kinds[typeName{gvk.GroupVersion().String(), gvk.Kind}].typ
		if typ.Name() == "CustomResourceDefinition" {
			continue // schemas contain schemas: random ones never end
		}
		for seed := range rounds {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			obj := reflect.New(typ).Interface()
			filler(int64(seed)).Fill(obj)
			obj.(runtime.Object).GetObjectKind().SetGroupVersionKind(gvk)
			text, err := json.Marshal(obj)
			if err != nil {
				t.Fatal(err)
			}
			if seed%3 != 0 {
				var tree any
				if err := json.Unmarshal(text, &tree); err != nil {
					t.Fatal(err)
				}
				text, _ = json.Marshal(spoil(tree, rng, []int{8, 100, 1000}[rng.IntN(3)]))
			}
			if seed%2 == 1 {
				text, err = yaml.JSONToYAML(text)
				if err != nil {
					t.Fatal(err)
				}
			}
			their, err := theirs(text, typ)
			if err != nil {
				t.Fatalf("%v seed %d: %v", gvk, seed, err)
			}
			doc := source.Parse("random", text).Docs[0]
			if doc.Err != nil {
				t.Errorf("%v seed %d: %v", gvk, seed, doc.Err)
				continue
			}
			total++
			if their.wrong != "" {
				wrong++
			} else if len(their.unknown) > 0 {
				unknown++
			}
			if diff := differ(ours(doc.Root, typ), their); diff != "" {
				t.Errorf("%v seed %d: %s", gvk, seed, diff)
			}
		}
	}
	t.Logf("%d objects: %d of them with wrong types, %d others with unknown fields", total, wrong, unknown)
	if wrong < total/50 || unknown < total/50 {
		t.Error("too few of them spoiled")
	}
}

func filler(seed int64) *randfill.Filler {
	return randfill.NewWithSeed(seed).NilChance(0.4).NumElements(0, 2).MaxDepth(12).Funcs(
		func(t *metav1.Time, c randfill.Continue) { t.Time = time.Unix(c.Int63n(1<<31), 0).UTC() },
		func(t *metav1.MicroTime, c randfill.Continue) {
			t.Time = time.Unix(c.Int63n(1<<31), c.Int63n(1e6)*1000).UTC()
		},
		func(q *resource.Quantity, c randfill.Continue) {
			*q = resource.MustParse([]string{"1", "500m", "1Gi", "0.5", "1e3", "12E", "100k"}[c.Intn(7)])
		},
		func(v *intstr.IntOrString, c randfill.Continue) {
			*v = intstr.FromInt32(c.Int31())
			if c.Bool() {
				*v = intstr.FromString("http")
			}
		},
		func(r *runtime.RawExtension, c randfill.Continue) { r.Raw = []byte(`{"a":[1,"b",null]}`) },
		func(f *metav1.FieldsV1, c randfill.Continue) { f.SetRawBytes([]byte(`{"f:a":{}}`)) },
		func(s *string, c randfill.Continue) {
			*s = []string{"", "a", "true", "1", "~", "null", "x: y # z", "tab\t", "line\nbreak\n", " lead", "ünïcödé 🚢", `quo"te`, "0x1F", "1e3", "2001-01-01", "- a", "off"}[c.Intn(17)]
		},
	)
}

// spoil changes one value in rarity, and keys, of a JSON tree.
func spoil(v any, rng *rand.Rand, rarity int) any {
	if rng.IntN(rarity) == 0 {
		return []any{nil, true, 1.0, 1.5, -3.0, 1e12, 1e25, "text", "12", "", []any{}, map[string]any{}, []any{nil, "a", 1.0}, map[string]any{"a": 1.0, "b": "c", "d": nil}}[rng.IntN(14)]
	}
	switch x := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			item := spoil(x[k], rng, rarity)
			switch rng.IntN(25) {
			case 0:
				x[strings.ToUpper(k[:min(len(k), 1)])+k[min(len(k), 1):]] = item
			case 1:
				x[k+"x"] = item
			default:
				x[k] = item
			}
		}
	case []any:
		for i := range x {
			x[i] = spoil(x[i], rng, rarity)
		}
	}
	return v
}
