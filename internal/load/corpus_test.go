package load

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/testkit/clustertest"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestAgreement loads the conformance suite's application through files, standard input, a JSON List and a kustomization. All
// must give the same objects, in one scope.
func TestAgreement(t *testing.T) {
	manifests := clustertest.Manifests()
	names := make([]string, 0, len(manifests))
	for name := range manifests {
		names = append(names, name)
	}
	slices.Sort(names)
	dir := t.TempDir()
	var stream string
	for _, name := range names {
		write(t, dir, "files/"+name, manifests[name])
		write(t, dir, "built/"+name, manifests[name])
		stream += "---\n" + manifests[name]
	}
	write(t, dir, "built/kustomization.yaml", "resources: ["+strings.Join(names, ", ")+"]\n")

	from := func(path, stdin string) *Input {
		t.Helper()
		in, err := Load(t.Context(), []string{path}, Options{Dir: dir, Stdin: strings.NewReader(stdin)})
		if err != nil {
			t.Fatal(err)
		}
		checkAccounts(t, in)
		if len(in.Failures) > 0 || in.Stats.SkippedDocuments > 0 {
			t.Errorf("%s: something was not loaded:\n%s", path, dump(in))
		}
		return in
	}
	files := from("files", "")
	var items []string
	for _, o := range files.Objects {
		items = append(items, asJSON(t, o))
	}
	want := contents(t, files)
	if len(want) != 20 {
		t.Errorf("got %d objects of files:\n%s", len(want), dump(files))
	}
	list := `{"apiVersion": "v1", "kind": "List", "items": [` + strings.Join(items, ",\n") + "]}"
	for name, in := range map[string]*Input{"stdin": from("-", stream), "list": from("-", list), "kustomization": from("built", "")} {
		if d := cmp.Diff(want, contents(t, in)); d != "" {
			t.Errorf("%s differs from files: -want +got\n%s", name, d)
		}
		for _, o := range in.Objects {
			if o.Scope != in.Objects[0].Scope {
				t.Errorf("%s: objects are in scopes %q and %q", name, o.Scope, in.Objects[0].Scope)
			}
		}
	}
	for _, o := range from("built", "").Objects {
		if o.Origin == o.Root || nameOf(Tree{Root: o.Origin}) != nameOf(o) {
			t.Errorf("%s/%s has no origin", o.Kind, nameOf(o))
		}
	}
}

func asJSON(t *testing.T, o Tree) string {
	t.Helper()
	b, err := o.Root.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// contents are the objects of an input, as data, in an order of their own.
func contents(t *testing.T, in *Input) []string {
	t.Helper()
	var out []string
	for _, o := range in.Objects {
		b, err := json.Marshal(data(t, o))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o.APIVersion+" "+o.Kind+" "+nameOf(o)+" "+string(b))
	}
	slices.Sort(out)
	return out
}

// TestCorpus loads real repositories, the folders in FAIRWAY_CORPUS: nothing panics, and every file and document is accounted
// for.
func TestCorpus(t *testing.T) {
	corpus := os.Getenv("FAIRWAY_CORPUS")
	if corpus == "" {
		t.Skip("FAIRWAY_CORPUS names no folder of repositories")
	}
	repos, err := os.ReadDir(corpus)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range repos {
		t.Run(r.Name(), func(t *testing.T) {
			dir := filepath.Join(corpus, r.Name())
			in, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			checkAccounts(t, in)
			reasons := map[string]int{}
			for _, s := range in.Skipped {
				reasons[s.Reason]++
			}
			t.Logf("%+v: %d objects, %d failures, skipped %v", in.Stats, len(in.Objects), len(in.Failures), reasons)
			for _, f := range in.Failures {
				t.Logf("  %s: %s", f.Place, f.Message)
			}
			again, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(dump(in), dump(again)); d != "" {
				t.Errorf("a second run differs:\n%s", d)
			}
			// Every manifest on disk was read, is a template of a chart, or lies in an ignored folder.
			manifests := 0
			filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return err
				case e.IsDir() && path != dir && isIgnored(e.Name()):
					return fs.SkipDir
				case e.IsDir() && (e.Name() == "templates" || e.Name() == "charts"):
					if _, err := os.Stat(filepath.Join(filepath.Dir(path), "Chart.yaml")); err == nil {
						return fs.SkipDir
					}
				case e.Type().IsRegular() && isChartFile(e.Name()):
				case e.Type().IsRegular() && (isManifest(e.Name()) || isKustomization(e.Name())):
					manifests++
				}
				return nil
			})
			if in.Stats.Files < manifests {
				t.Errorf("%d files were read of %d", in.Stats.Files, manifests)
			}
		})
	}
}

// noting is the file system with one change: the kustomization in a folder asks kustomize to note where objects come from.
type noting struct {
	filesys.FileSystem
	folder string
}

func (n noting) ReadFile(path string) ([]byte, error) {
	data, err := n.FileSystem.ReadFile(path)
	if err == nil && filepath.Dir(path) == n.folder && isKustomization(filepath.Base(path)) && !bytes.HasPrefix(data, []byte("---")) {
		data = append([]byte("buildMetadata: [originAnnotations]\n"), data...)
	}
	return data, err
}

// TestOriginsAsKustomize compares the origins of built objects, and the objects themselves, with what kustomize says, on real
// repositories.
func TestOriginsAsKustomize(t *testing.T) {
	corpus := os.Getenv("FAIRWAY_CORPUS")
	if corpus == "" {
		t.Skip("FAIRWAY_CORPUS names no folder of repositories")
	}
	in, err := Load(t.Context(), []string{corpus}, Options{Dir: corpus})
	if err != nil {
		t.Fatal(err)
	}
	byScope := map[string][]Tree{}
	for _, o := range in.Objects {
		if o.Built {
			byScope[o.Scope] = append(byScope[o.Scope], o)
		}
	}
	objects, differ, withNotes := 0, 0, 0
	for scope, trees := range byScope {
		folder := filepath.Join(corpus, scope)
		o := krusty.MakeDefaultOptions()
		o.LoadRestrictions = types.LoadRestrictionsNone
		var m resmap.ResMap
		err := silently(func() (err error) {
			m, err = krusty.MakeKustomizer(o).Run(noting{filesys.MakeFsOnDisk(), folder}, folder)
			return err
		})
		if err != nil {
			t.Fatal(scope, err)
		}
		noted := false
		for i, r := range m.Resources() {
			origin, err := r.GetOrigin()
			if err != nil {
				t.Fatal(err)
			}
			noted = noted || origin != nil
			want := ""
			if origin != nil && origin.Path != "" {
				want = filepath.ToSlash(filepath.Join(scope, origin.Path))
			}
			got := ""
			if trees[i].Origin != trees[i].Root {
				got = trees[i].Origin.File().Name
			}
			objects++
			if got != want && noted {
				differ++
				t.Errorf("%s: %s %s: got origin %q, want %q", scope, r.GetKind(), r.GetName(), got, want)
			}
			if err := r.SetOrigin(nil); err != nil {
				t.Fatal(err)
			}
			y, err := r.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			theirs := source.Parse("", y).Docs[0].Root
			if d := cmp.Diff(data(t, Tree{Root: theirs}), data(t, trees[i])); d != "" {
				t.Errorf("%s: %s %s: -kustomize's +ours\n%s", scope, r.GetKind(), r.GetName(), d)
			}
		}
		if noted {
			withNotes++
		}
	}
	t.Logf("%d builds, %d with notes, %d objects, %d origins differ", len(byScope), withNotes, objects, differ)
}

func data(t *testing.T, o Tree) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(asJSON(t, o)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// BenchmarkLoad reads folders of files of five objects each. kustomize must not be seen in it: its own start-up alone would take
// more than the smallest of these.
func BenchmarkLoad(b *testing.B) {
	for _, files := range []int{1, 100, 2000} {
		b.Run(fmt.Sprintf("files=%d", files), func(b *testing.B) {
			dir := b.TempDir()
			bytes := 0
			for i := range files {
				text := ""
				for k := range 5 {
					text += fmt.Sprintf("---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-%d-%d\n  labels:\n    app: app-%d\ndata:\n  key: value\n  other: \"%s\"\n", i, k, i, strings.Repeat("x", 200))
				}
				at := filepath.Join(dir, fmt.Sprintf("app-%d", i%50))
				os.MkdirAll(at, 0o777)
				if err := os.WriteFile(filepath.Join(at, fmt.Sprintf("f%d.yaml", i)), []byte(text), 0o666); err != nil {
					b.Fatal(err)
				}
				bytes += len(text)
			}
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			for b.Loop() {
				in, err := Load(b.Context(), []string{"."}, Options{Dir: dir})
				if err != nil || len(in.Objects) != 5*files {
					b.Fatal(len(in.Objects), err)
				}
			}
		})
	}
}

// TestLargeInput reads a file of 100,000 documents and one of 50 MB.
func TestLargeInput(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	dir := t.TempDir()
	write(t, dir, "many.yaml", strings.Repeat(configMap+"---\n", 100_000))
	write(t, dir, "large.yaml", strings.Repeat(configMap+"data:\n"+strings.Repeat("  key: "+strings.Repeat("x", 1000)+"\n", 1)+"---\n", 50_000))
	write(t, dir, "prose.yaml", strings.Repeat("- a line of something else\n", 1_900_000))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	in, err := Load(t.Context(), []string{"."}, Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if len(in.Objects) != 150_000 || in.Stats.Loaded != 150_000 {
		t.Errorf("got %d objects, %+v", len(in.Objects), in.Stats)
	}
	for _, f := range in.Files {
		if f.Name == "prose.yaml" {
			t.Error("a file about something else is kept in memory")
		}
	}
	t.Logf("%d MB read, %d MB held, %d MB allocated", in.Stats.Bytes>>20, (after.HeapAlloc-before.HeapAlloc)>>20, (after.TotalAlloc-before.TotalAlloc)>>20)
}
