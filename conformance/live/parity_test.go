package live

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// Checking a folder and checking the cluster that it was applied to find the same, however it was applied: by kubectl apply, by
// server-side apply, or by kubectl create, which leaves no record of what was written.
func TestParity(t *testing.T) {
	b := bed.ControlPlane(t)
	definitions(t, b)
	for _, how := range []struct {
		name string
		args []string
	}{
		{"apply", []string{"apply"}},
		{"server-side apply", []string{"apply", "--server-side"}},
		{"create", []string{"create"}},
	} {
		t.Run(how.name, func(t *testing.T) {
			namespace := strings.ReplaceAll(how.name, " ", "-")
			for _, x := range []struct{ name, dir string }{
				{"paths", rendered(t)},
				{"wild", wild(t)},
			} {
				t.Run(x.name, func(t *testing.T) {
					for _, dir := range folders(t, x.dir) {
						t.Run(filepath.Base(dir), func(t *testing.T) {
							ns := namespace + "-" + x.name + "-" + filepath.Base(dir)
							b.Kubectl(t, "", "create", "namespace", ns)
							parity(t, b, ns, dir, how.args)
							b.Kubectl(t, "", "delete", "namespace", ns, "--wait=false")
						})
					}
				})
			}
		})
	}
}

// Rules that a cluster answers differently, with the reason.
var differ = map[string]string{
	"namespace-missing":              "an object in a cluster has a namespace",
	"namespace-pod-security-missing": "the namespace is the test's",
	"namespace-quota-missing":        "the namespace is the test's",
	"yaml-duplicate-key":             "a cluster has no text",
	"object-duplicate":               "a cluster holds an object once",
}

// parity applies what a folder holds to a namespace, and compares what is found in both. What the API server refuses is taken out of the
// folder first.
func parity(t *testing.T, b *bed.Bed, ns, dir string, how []string) {
	t.Helper()
	in, err := load.Load(t.Context(), []string{dir}, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	type object struct{ id, text string }
	var objects []object
	seen := map[string]bool{}
	for _, o := range in.Objects {
		id := strings.ToLower(o.Kind)
		if group, _, ok := strings.Cut(o.APIVersion, "/"); ok {
			id += "." + group
		}
		id += "/" + o.Root.Get("metadata").Resolve().Get("name").Text()
		raw, err := o.Root.AppendJSON(nil)
		if err != nil || o.Kind == "Namespace" || seen[id] { // several builds of one base
			continue
		}
		seen[id] = true
		objects = append(objects, object{id, inNamespace.ReplaceAllString(string(raw), `$1"`+ns+`"`)})
	}
	var all []string
	for _, o := range objects {
		all = append(all, o.text)
	}
	out, _, _ := b.Run(t.Context(), strings.Join(all, "\n---\n"), append(slices.Clone(how), "-n", ns, "-o", "name", "-f", "-")...)
	names := strings.Fields(out)
	taken := t.TempDir()
	count := 0
	for i, o := range objects {
		if !slices.Contains(names, o.id) {
			continue
		}
		count++
		if err := os.WriteFile(filepath.Join(taken, fmt.Sprintf("%03d.json", i)), []byte(o.text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if count < 3 {
		t.Fatalf("the API server takes %d of %d objects: %s", count, len(objects), out)
	}
	_, files, _ := run(t, "lint", "-o", "json", "--profile", "strict", taken)
	_, live, _ := run(t, "lint", "-o", "json", "--profile", "strict", "--live", "-n", ns, "--kubeconfig", b.Kubeconfig())
	a, l := answerOf(t, files), answerOf(t, live)
	key := func(f said) string { return f.Rule + " " + f.Object.Kind + "/" + f.Object.Name + " " + f.Field }
	set := func(list []said) map[string]said {
		out := map[string]said{}
		for _, f := range list {
			out[key(f)] = f
		}
		return out
	}
	unknown := map[string]bool{}
	for _, u := range a.Unknown {
		unknown[u.Rule+" "+u.Object.Kind+"/"+u.Object.Name] = true
	}
	inFiles, inCluster := set(a.Findings), set(l.Findings)
	excused := func(rule string) bool { return differ[rule] != "" }
	for k, f := range inFiles {
		outside := f.Object.Namespace == "" && strings.HasPrefix(f.Object.Kind, "Cluster") // not what -n asks for
		if _, ok := inCluster[k]; !ok && !excused(f.Rule) && !outside {
			t.Errorf("only in files: %s: %s", k, f.Message)
		}
	}
	for k, f := range inCluster {
		// What files leave unknown a cluster knows.
		if _, ok := inFiles[k]; !ok && !excused(f.Rule) && !unknown[f.Rule+" "+f.Object.Kind+"/"+f.Object.Name] {
			t.Errorf("only in the cluster: %s: %s", k, f.Message)
		}
	}
	t.Logf("%d objects, %d findings in files, %d in the cluster", count, len(inFiles), len(inCluster))
}

var inNamespace = regexp.MustCompile(`("namespace":)"[^"]*"`)

// folders returns the folders right below one.
func folders(t *testing.T, dir string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

func wild(t *testing.T) string { return "../../examples/wild-west" }

// rendered writes a service of each shape.
func rendered(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, x := range [][]string{
		{"stateless-service", "--boot", "40s"},
		{"async-worker", "--set", "longestJob=2m"},
		{"cron-job", "--set", "schedule=17 4 * * *", "--set", "longestRun=20m"},
		{"stateful-service", "--set", "ports={client: 5432}", "--set", "claims=[{name: data, path: /var/lib/shop, size: 20Gi}]", "--set", "backup=nightly dump to s3://backups/shop, restored in staging every month"},
	} {
		args := append([]string{"new", x[0], "--name", "shop", "--owner", "payments", "--image", "registry.example.com/shop@sha256:" + strings.Repeat("0", 64), "--dir", filepath.Join(dir, x[0])}, x[1:]...)
		if code, _, said := run(t, args...); code != 0 {
			t.Fatalf("fairway %s: exit code %d: %s", strings.Join(args, " "), code, said)
		}
	}
	return dir
}
