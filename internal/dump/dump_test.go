package dump

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/listing"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
)

var started = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)

// example is a dump with one of everything.
func example(t *testing.T) *Dump {
	t.Helper()
	c := listing.New(listing.Options{Namespaces: []string{"shop"}})
	for _, raw := range []string{
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"web","namespace":"shop"},"data":{"a":"line\nline <&> \u2028"}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"elsewhere","namespace":"other"}}`,
		`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"none"}}`,
		`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[]}`,
		`{"apiVersion":"v1","kind":"Secret","type":"Opaque","metadata":{"name":"s","namespace":"shop"},"data":{"k":"dmFsdWU="}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","creationTimestamp":"2026-11-01T08:00:00Z","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-x","uid":"u","controller":true}]},` +
			`"spec":{"containers":[{"name":"web","image":"web:1"}]},"status":{"phase":"Running","containerStatuses":[{"name":"web","restartCount":1,"state":{"running":{"startedAt":"2026-11-01T08:00:00Z"}}}]}}`,
		`{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"},"spec":{"taints":[{"key":"k","effect":"NoSchedule"}]},"status":{"allocatable":{"cpu":"4"}}}`,
		`{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-x","namespace":"shop","annotations":{"deployment.kubernetes.io/revision":"3"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"web","uid":"d","controller":true}]},"spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"web","image":"web:1"}]}}}}`,
		`{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j-1","namespace":"shop","ownerReferences":[{"apiVersion":"batch/v1","kind":"CronJob","name":"j","uid":"c","controller":true}]},"status":{"failed":2}}`,
	} {
		if err := c.Add("", "", []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	all := listing.Join(c)
	return &Dump{
		Layout: "fairway", Server: "https://example.com", Version: "v1.36.3", Namespaces: []string{"shop"},
		Input: &load.Input{Objects: all.Trees, Records: &all.Records,
			Coverage: cluster.NewCoverage([]cluster.Covered{{Kind: "ConfigMap", Namespace: "shop", State: cluster.Listed, Objects: 1}, {Kind: "Pod", Namespace: "shop", State: cluster.Failed, Detail: "it broke", Objects: 1}}, false),
			Failures: []finding.Failure{{Message: "not listed to the end: Pod", Hint: "again"}}},
		Events: []corev1.Event{{TypeMeta: metav1.TypeMeta{}, ObjectMeta: metav1.ObjectMeta{Name: "e", Namespace: "shop"}, Reason: "BackOff", LastTimestamp: metav1.NewTime(started.Add(time.Minute).Local())}},
		Logs: []Log{{Namespace: "shop", Pod: "web-1", Container: "web", Text: []byte("hello\n"), State: cluster.Listed},
			{Namespace: "shop", Pod: "web-1", Container: "web", Previous: true, State: cluster.Forbidden, Detail: "no"}},
	}
}

func packed(t *testing.T, d *Dump) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "d.tar.gz")
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// unpack writes an archive's files to a folder.
func unpack(t *testing.T, file string) string {
	t.Helper()
	dir := t.TempDir()
	err := walk(file, func(name string, r io.Reader) error {
		data, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			return err
		}
		return os.WriteFile(at, data, 0o666)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// objects tells the trees of an input: their names, their text, and whether they are context.
func objects(t *testing.T, in *load.Input) (out []string) {
	t.Helper()
	for _, o := range in.Objects {
		b, err := o.Root.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		s := o.Root.File().Name + " " + string(b)
		if o.Context {
			s += " context"
		}
		out = append(out, s)
	}
	return out
}

// What is written is read back, from the archive and from a folder that it was unpacked into.
func TestRoundTrip(t *testing.T) {
	d := example(t)
	file := packed(t, d)
	dir := unpack(t, file)
	for _, from := range []string{file, dir, filepath.Join(dir, "fairway-dump")} {
		got, err := Read(from, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(objects(t, d.Input), objects(t, got.Input)); diff != "" {
			t.Errorf("%s: objects: -want +got\n%s", from, diff)
		}
		if diff := cmp.Diff(d.Input.Records, got.Input.Records); diff != "" {
			t.Errorf("%s: records: -want +got\n%s", from, diff)
		}
		if diff := cmp.Diff(d.Input.Coverage.Rows(), got.Input.Coverage.Rows()); diff != "" {
			t.Errorf("%s: coverage: -want +got\n%s", from, diff)
		}
		if diff := cmp.Diff(d.Input.Failures, got.Input.Failures); diff != "" {
			t.Errorf("%s: failures: -want +got\n%s", from, diff)
		}
		if diff := cmp.Diff(d.Logs, got.Logs); diff != "" {
			t.Errorf("%s: logs: -want +got\n%s", from, diff)
		}
		if len(got.Events) != 1 || got.Events[0].Reason != "BackOff" || got.Server != d.Server || got.Version != d.Version || !slices.Equal(got.Namespaces, d.Namespaces) {
			t.Errorf("%s: %+v", from, got)
		}
		if !got.Newest().Equal(started.Add(time.Minute)) {
			t.Errorf("%s: newest is %s", from, got.Newest())
		}
	}
}

func TestSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	if err := example(t).Write(&a); err != nil {
		t.Fatal(err)
	}
	if err := example(t).Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two archives of the same state differ")
	}
}

// Another namespace than those that were asked for can be checked, if it is there.
func TestNamespaceOfDump(t *testing.T) {
	file := packed(t, example(t))
	d, err := Read(file, []string{"other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Input.Objects {
		if want := o.Root.Get("metadata").Get("namespace").Text() != "other"; o.Context != want {
			t.Errorf("%s: context %t, want %t", o.Root.File().Name, o.Context, want)
		}
	}
	if _, err := Read(file, []string{"none"}); problem.ExitCode(err) != 2 || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("a namespace of which only the Namespace is there: %v", err)
	}
	if _, err := Read(file, []string{"nowhere"}); problem.ExitCode(err) != 2 {
		t.Errorf("a namespace that is not there: %v", err)
	}
}

// Layouts of other tools, in miniature.
func TestOtherLayouts(t *testing.T) {
	const deployments = `{"kind":"DeploymentList","apiVersion":"apps/v1","metadata":{},"items":[{"metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3},"status":{"replicas":3}}]}`
	const pods = `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"web-1","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"w","uid":"u","controller":true}]},"status":{"phase":"Pending"}}]}`
	const events = `{"kind":"EventList","apiVersion":"v1","items":[{"metadata":{"name":"e","namespace":"shop"},"reason":"Failed"}]}`
	const empty = `{"kind":"ServiceList","apiVersion":"v1","items":[]}`
	for _, x := range []struct {
		layout string
		files  map[string]string
		states map[string]cluster.State // GROUP/KIND
		events int
	}{
		{"cluster-info", map[string]string{
			"nodes.json":                `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n1"}}]}`,
			"shop/deployments.json":     deployments,
			"shop/pods.json":            pods,
			"shop/events.json":          events,
			"shop/services.json":        empty,
			"shop/web-1/logs.txt":       "==== START logs\n",
			"kube-system/services.json": empty,
		}, map[string]cluster.State{"apps/Deployment": cluster.Listed, "/Service": cluster.Listed, "/ConfigMap": cluster.NotAsked, "apps/StatefulSet": cluster.NotAsked}, 1},
		{"cluster-info", map[string]string{
			"out/shop/deployments.yaml": "apiVersion: apps/v1\nitems:\n- metadata: {name: web, namespace: shop}\n  spec: {replicas: 3}\nkind: DeploymentList\n",
			"out/shop/pods.yaml":        "apiVersion: v1\nkind: PodList\nitems:\n- metadata:\n    name: web-1\n    namespace: shop\n    ownerReferences:\n    - {apiVersion: apps/v1, kind: ReplicaSet, name: w, uid: u, controller: true}\n  status: {phase: Pending}\n",
		}, map[string]cluster.State{"apps/Deployment": cluster.Listed, "/Service": cluster.NotAsked}, 0},
		{"must-gather", map[string]string{
			"must-gather.local.1/quay-io/namespaces/shop/apps/deployments.yaml":                             "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web, namespace: shop}\n  spec: {replicas: 3}\n",
			"must-gather.local.1/quay-io/namespaces/shop/core/pods.yaml":                                    "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: w, uid: u, controller: true}]}\n  status: {phase: Pending}\n",
			"must-gather.local.1/quay-io/namespaces/shop/core/services.yaml":                                "apiVersion: v1\nkind: ServiceList\nitems: []\n",
			"must-gather.local.1/quay-io/namespaces/shop/pods/web-1/web-1.yaml":                             "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\n",
			"must-gather.local.1/quay-io/cluster-scoped-resources/core/nodes/n1.yaml":                       "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n",
			"must-gather.local.1/quay-io/cluster-scoped-resources/config.openshift.io/proxies/cluster.yaml": "apiVersion: config.openshift.io/v1\nkind: Proxy\nmetadata: {name: cluster}\n",
			"must-gather.local.1/version":                                                                   "v4.16\n",
		}, map[string]cluster.State{"apps/Deployment": cluster.Listed, "/Service": cluster.Listed, "/ConfigMap": cluster.NotAsked}, 0},
		{"support-bundle", map[string]string{
			"support-bundle-1/version.yaml":                                                      "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
			"support-bundle-1/cluster-resources/deployments/shop.json":                           deployments,
			"support-bundle-1/cluster-resources/deployments-errors.json":                         `{"other":"forbidden"}`,
			"support-bundle-1/cluster-resources/pods/shop.json":                                  pods,
			"support-bundle-1/cluster-resources/events/shop.json":                                events,
			"support-bundle-1/cluster-resources/services/shop.json":                              empty,
			"support-bundle-1/cluster-resources/nodes.json":                                      `{"kind":"NodeList","apiVersion":"v1","items":[{"metadata":{"name":"n1"}}]}`,
			"support-bundle-1/cluster-resources/custom-resources/rollouts.argoproj.io/shop.json": `[{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout","metadata":{"name":"r","namespace":"shop"}}]`,
			"support-bundle-1/cluster-resources/custom-resources/errors.json":                    `["no"]`,
			"support-bundle-1/cluster-resources/pods/logs/shop/web-1/web.log":                    "hello\n",
		}, map[string]cluster.State{"apps/Deployment": cluster.Listed, "/Service": cluster.Listed, "argoproj.io/Rollout": cluster.Listed, "/Secret": cluster.NotAsked}, 1},
	} {
		t.Run(x.layout, func(t *testing.T) {
			dir := t.TempDir()
			var entries []entry
			for name, text := range x.files {
				at := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(at, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				entries = append(entries, entry{name: name, text: text})
			}
			for _, from := range []string{dir, archiveOf(t, entries, true), archiveOf(t, entries, false)} {
				d, err := Read(from, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d.Layout != x.layout || len(d.Input.Failures) > 0 {
					t.Errorf("layout %s, failures %+v", d.Layout, d.Input.Failures)
				}
				r := d.Input.Records
				if len(r.Pods) != 1 || r.Pods[0].Phase != "Pending" || len(d.Events) != x.events {
					t.Errorf("pods %+v, %d events", r.Pods, len(d.Events))
				}
				if i := slices.IndexFunc(d.Input.Objects, func(o load.Tree) bool { return o.Kind == "Deployment" }); i < 0 || d.Input.Objects[i].Root.Get("spec").Get("replicas").Text() != "3" || !d.Input.Objects[i].Root.Get("status").IsZero() {
					t.Errorf("objects %v", objects(t, d.Input))
				}
				for kind, want := range x.states {
					group, name, _ := strings.Cut(kind, "/")
					if got := d.Input.Coverage.Of(group, name, "shop"); got != want {
						t.Errorf("%s is %s, want %s", kind, got, want)
					}
				}
			}
		})
	}
}

// entry is one of an archive.
type entry struct {
	name, text, link string
	kind             byte // 0: a file
	size             int64
}

func archiveOf(t *testing.T, entries []entry, compress bool) string {
	t.Helper()
	var b bytes.Buffer
	w := io.Writer(&b)
	z := gzip.NewWriter(&b)
	if compress {
		w = z
	}
	a := tar.NewWriter(w)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.text)), Mode: 0o644, Typeflag: tar.TypeReg, Linkname: e.link}
		if e.kind != 0 {
			h.Typeflag = e.kind
		}
		if e.size > 0 {
			h.Size = e.size
		}
		if err := a.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.size > 0 {
			if _, err := io.CopyN(a, zeros{}, e.size); err != nil {
				t.Fatal(err)
			}
		} else if _, err := io.WriteString(a, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if compress {
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// Archives that are broken or mean harm are refused with a reason, a place and a next step, and nothing of them is used.
func TestBadArchives(t *testing.T) {
	good := entry{name: "shop/pods.json", text: `{"kind":"PodList","apiVersion":"v1","items":[]}`}
	file := func(text string) string {
		name := filepath.Join(t.TempDir(), "a")
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return name
	}
	whole, err := os.ReadFile(packed(t, example(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, file string
		exit       int
		says       string
	}{
		{"not there", filepath.Join(t.TempDir(), "none"), 2, "no such file"},
		{"empty", file(""), 3, "it holds no files"},
		{"no archive", file("apiVersion: v1\nkind: List\n"), 3, ""},
		{"an empty folder", t.TempDir(), 3, "none of the files of a dump"},
		{"somebody's photographs", archiveOf(t, []entry{{name: "a.jpg", text: "x"}}, true), 3, "none of the files of a dump"},
		{"cut off", file(string(whole[:len(whole)/2])), 3, "breaks off"},
		{"a name that leads out", archiveOf(t, []entry{good, {name: "../../etc/cron.d/x", text: "x"}}, true), 3, "leads out of the archive"},
		{"an absolute name", archiveOf(t, []entry{good, {name: "/etc/cron.d/x", text: "x"}}, true), 3, "leads out of the archive"},
		{"a link that leads out", archiveOf(t, []entry{good, {name: "shop/x", link: "../../etc/passwd", kind: tar.TypeSymlink}}, true), 3, "leads out of the archive"},
		{"a hard link that leads out", archiveOf(t, []entry{good, {name: "shop/x", link: "/etc/passwd", kind: tar.TypeLink}}, true), 3, "leads out of the archive"},
		{"a bomb", archiveOf(t, []entry{good, {name: "shop/deployments.json", size: 300 << 20}}, true), 3, "times its size"},
		{"a later version", archiveOf(t, []entry{{name: "fairway-dump/manifest.json", text: `{"schemaVersion":2,"kind":"fairway-dump"}`}}, true), 3, "version 2"},
	} {
		t.Run(x.name, func(t *testing.T) {
			d, err := Read(x.file, nil)
			p, ok := errors.AsType[*problem.Problem](err)
			if d != nil || !ok || problem.ExitCode(err) != x.exit || p.Next == "" || !strings.Contains(p.What+": "+p.Why, x.says) {
				t.Errorf("%v (exit code %d, next %q), want %d and %q", err, problem.ExitCode(err), p.Next, x.exit, x.says)
			}
		})
	}
}

// A link within an archive is passed over: what it leads to is in the archive itself.
func TestLinkWithin(t *testing.T) {
	d, err := Read(archiveOf(t, []entry{{name: "shop/services.json", text: `{"kind":"ServiceList","apiVersion":"v1","items":[]}`}, {name: "shop/x", link: "services.json", kind: tar.TypeSymlink}}, true), nil)
	if err != nil || d.Layout != "cluster-info" {
		t.Errorf("%+v, %v", d, err)
	}
}

// Whatever a cluster calls its kinds and namespaces, no name leads out of the archive, and what is written is read.
func TestOddNames(t *testing.T) {
	c := listing.New(listing.Options{})
	for _, x := range [][3]string{{"../../v1", "../../K", "../../.."}, {"v1", "a/b\\c", ".."}, {"v1", "\x1b[31mX\nY", ""}, {"..", "..", "."}, {"v1", "ConfigMap", "shop"}} {
		text, err := json.Marshal(map[string]any{"metadata": map[string]string{"name": "a", "namespace": x[2]}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Add(x[0], x[1], text); err != nil {
			t.Fatal(err)
		}
	}
	d := &Dump{Input: &load.Input{Objects: listing.Join(c).Trees}, Logs: []Log{{Namespace: "..", Pod: "../../x", Container: "y", Text: []byte("z")}}}
	file := packed(t, d)
	if err := walk(file, func(name string, _ io.Reader) error {
		if base := filepath.Base(name); strings.ContainsAny(name, "\x1b\n") || strings.HasPrefix(base, ".") {
			t.Errorf("entry %q", name)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	got, err := Read(file, nil)
	if err != nil || len(got.Input.Objects) != 5 || string(got.Logs[0].Text) != "z" || len(got.Input.Failures) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Of a kind some objects of which could not be read nothing is known to be absent; the other objects are there.
func TestOneBadObject(t *testing.T) {
	for name, file := range map[string]string{
		"own": archiveOf(t, []entry{
			{name: "fairway-dump/manifest.json", text: `{"schemaVersion":1,"kind":"fairway-dump","coverage":[{"kind":"Service","namespace":"","state":"listed"},{"kind":"ConfigMap","namespace":"","state":"listed"}]}`},
			{name: "fairway-dump/objects/shop/service.json", text: `{"items":[{"apiVersion":"v1","kind":"Service","metadata":{"name":"a","namespace":"shop"}},{"apiVersion":"v1"},{"apiVersion":"v1","kind":"Service","metadata":{"name":"b","namespace":"shop"}}]}`}}, true),
		"foreign": archiveOf(t, []entry{
			{name: "shop/configmaps.json", text: `{"kind":"ConfigMapList","apiVersion":"v1","items":[]}`},
			{name: "shop/services.json", text: `{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"shop"}},{"metadata":{"name":"x","namespace":"shop"},"spec":` +
				strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `},{"metadata":{"name":"b","namespace":"shop"}}]}`}}, true),
	} {
		d, err := Read(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Input.Coverage.Of("", "Service", "shop"); len(d.Input.Objects) != 2 || len(d.Input.Failures) != 1 || got != cluster.Failed {
			t.Errorf("%s: services are %s, %d objects, failures %+v", name, got, len(d.Input.Objects), d.Input.Failures)
		}
	}
}

// What an archive has lost, or has in an order in which it cannot be read, is not taken for what was not in the cluster.
func TestLost(t *testing.T) {
	manifest := entry{name: "fairway-dump/manifest.json", text: `{"schemaVersion":1,"kind":"fairway-dump","coverage":[{"kind":"ConfigMap","namespace":"","state":"listed","objects":1}]}`}
	maps := entry{name: "fairway-dump/objects/a/configmap.json", text: `{"items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"a"}}]}`}
	d, err := Read(archiveOf(t, []entry{manifest}, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Input.Coverage.Of("", "ConfigMap", "a"); got != cluster.Failed || len(d.Input.Failures) != 1 {
		t.Errorf("ConfigMaps are %s, failures %+v", got, d.Input.Failures)
	}
	for _, x := range []struct {
		entries []entry
		says    string
	}{
		{[]entry{maps, manifest}, "not its first file"},
		{[]entry{{name: "fairway-dump/records/pods.json", text: "[]"}, manifest, maps}, "not its first file"}, // as cluster-info has a file
		{[]entry{{name: manifest.name, text: manifest.text[:40]}, maps}, "manifest.json"},
		{[]entry{{name: manifest.name, text: `{"schemaVersion":1,"kind":"fairway-dump","namespaces":5}`}}, "manifest.json"},
	} {
		if _, err := Read(archiveOf(t, x.entries, true), nil); problem.ExitCode(err) != 3 || !strings.Contains(err.Error(), x.says) {
			t.Errorf("got %v, want %q", err, x.says)
		}
	}
	d, err = Read(archiveOf(t, []entry{{name: "cluster-resources/services/a.json", text: `[{"kind":"Service","apiVersion":"v1","metadata":{"name":"a"`}}, true), nil)
	if err != nil || len(d.Input.Failures) != 1 {
		t.Errorf("a list that breaks off: %v, %+v", err, d)
	}
}

// A few KB of records that take up gigabytes are refused.
func TestRecordBomb(t *testing.T) {
	_, err := Read(archiveOf(t, []entry{{name: "fairway-dump/manifest.json", text: `{"schemaVersion":1,"kind":"fairway-dump"}`},
		{name: "fairway-dump/records/secrets.json", text: "[" + strings.Repeat("{},", maxObjects) + "{}]"}}, true), nil)
	if problem.ExitCode(err) != 3 || !strings.Contains(err.Error(), "objects") {
		t.Errorf("got %v", err)
	}
}

// One file that cannot be read does not hide the others, and is said.
func TestOneBadFile(t *testing.T) {
	d, err := Read(archiveOf(t, []entry{{name: "shop/pods.json", text: `{"kind":"PodList","items":[`},
		{name: "shop/services.json", text: `{"kind":"ServiceList","apiVersion":"v1","items":[{"metadata":{"name":"a","namespace":"shop"}}]}`}}, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Input.Failures) != 1 || d.Input.Failures[0].Place.File != "shop/pods.json" || len(d.Input.Objects) != 1 {
		t.Errorf("failures %+v, objects %v", d.Input.Failures, objects(t, d.Input))
	}
}
