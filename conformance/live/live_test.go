package live

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/dump"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
	"github.com/fairway-k8s/fairway/internal/testkit/clustertest"
)

// run runs the program as main does.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, said bytes.Buffer
	e := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: func(string) string { return "" }, Now: time.Now}
	code = cli.Run(t.Context(), append([]string{"fairway"}, args...), e)
	return code, out.String(), said.String()
}

// A live API and a dump make the same picture of the suite's application as files do.
func TestConformance(t *testing.T) {
	b := bed.ControlPlane(t)
	definitions(t, b)
	b.Kubectl(t, "", "create", "namespace", "shop")
	applied := false
	live := func(t *testing.T, manifests map[string]string) *kube.Client {
		if !applied {
			var all []string
			for _, name := range slices.Sorted(maps.Keys(manifests)) {
				all = append(all, manifests[name])
			}
			b.Kubectl(t, strings.Join(all, "\n---\n"), "apply", "-n", "shop", "-f", "-")
			applied = true
		}
		c, err := kube.Connect(kube.Options{Kubeconfig: b.Kubeconfig(), Namespace: "shop"})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("live", func(t *testing.T) {
		clustertest.Run(t, func(t *testing.T, manifests map[string]string) *cluster.Snapshot {
			in, err := live(t, manifests).List(t.Context(), kube.Selection{Namespaces: []string{"shop"}})
			if err != nil {
				t.Fatal(err)
			}
			return lint.Snapshot(in)
		})
	})
	t.Run("dump", func(t *testing.T) {
		clustertest.Run(t, func(t *testing.T, manifests map[string]string) *cluster.Snapshot {
			in, err := live(t, manifests).List(t.Context(), kube.Selection{Namespaces: []string{"shop"}})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "d.tar.gz")
			var buf bytes.Buffer
			if err := (&dump.Dump{Input: in, Namespaces: []string{"shop"}}).Write(&buf); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, buf.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			d, err := dump.Read(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in.Records, d.Input.Records); diff != "" {
				t.Errorf("records of the cluster and of its dump differ (-cluster +dump):\n%s", diff)
			}
			if diff := cmp.Diff(in.Coverage.Rows(), d.Input.Coverage.Rows()); diff != "" {
				t.Errorf("coverage of the cluster and of its dump differ (-cluster +dump):\n%s", diff)
			}
			return lint.Snapshot(d.Input)
		})
	})
	t.Run("coverage", func(t *testing.T) {
		in, err := live(t, nil).List(t.Context(), kube.Selection{Namespaces: []string{"shop"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			group, kind, namespace string
			want                   cluster.State
		}{
			{"apps", "Deployment", "shop", cluster.Listed},
			{"apps", "Deployment", "default", cluster.NotAsked},
			{"rbac.authorization.k8s.io", "ClusterRole", "", cluster.Listed},
			{"argoproj.io", "Rollout", "shop", cluster.Listed},
			{"cert-manager.io", "Certificate", "shop", cluster.NotServed},
			{"", "Event", "shop", cluster.NotAsked},
		} {
			if got := in.Coverage.Of(x.group, x.kind, x.namespace); got != x.want {
				t.Errorf("%s %s in %q is %s, want %s", x.group, x.kind, x.namespace, got, x.want)
			}
		}
	})
	t.Run("pods are records", func(t *testing.T) { // the controller manager makes them; nothing schedules them
		var in cluster.Records
		for range 50 {
			l, err := live(t, nil).List(t.Context(), kube.Selection{Namespaces: []string{"shop"}})
			if err != nil {
				t.Fatal(err)
			}
			if in = *l.Records; len(in.Pods) > 0 && len(in.Pods[0].Conditions) > 0 {
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
		if len(in.Pods) == 0 || len(in.ReplicaSets) == 0 {
			t.Fatalf("%d pods and %d ReplicaSets", len(in.Pods), len(in.ReplicaSets))
		}
		p, r := in.Pods[0], in.ReplicaSets[0]
		if p.Owner.Kind != "ReplicaSet" || p.Owner.Name != r.Name || r.Owner.Kind != "Deployment" || r.Owner.Name != "shop" || p.Phase != "Pending" {
			t.Errorf("pod %+v of ReplicaSet %+v", p.Meta, r.Meta)
		}
		if r.Revision != 1 || !strings.Contains(r.Template, `"containers"`) {
			t.Errorf("revision %d with template %q", r.Revision, r.Template)
		}
		if len(p.Conditions) == 0 || p.Conditions[0].Type != "PodScheduled" || p.Conditions[0].Reason != "Unschedulable" {
			t.Errorf("conditions %+v, want one that says the pod is not scheduled", p.Conditions)
		}
		if s := in.Secrets; len(s) != 1 || s[0].Name != "shop-keys" || len(s[0].Keys) == 0 || s[0].Keys[0].Size == 0 {
			t.Errorf("secrets %+v", s)
		}
	})
	t.Run("events and logs", func(t *testing.T) { // a pod that is nowhere has events, and no log
		c := live(t, nil)
		in, err := c.List(t.Context(), kube.Selection{Namespaces: []string{"shop"}})
		if err != nil || len(in.Records.Pods) == 0 {
			t.Fatalf("%v, %d pods", err, len(in.Records.Pods))
		}
		p := in.Records.Pods[0]
		seen := map[string]bool{}
		if err := c.Events(t.Context(), "shop", func(e *corev1.Event) error { seen[e.InvolvedObject.Kind+" "+e.Reason] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"Deployment ScalingReplicaSet", "ReplicaSet SuccessfulCreate", "Pod FailedScheduling"} {
			if !seen[want] {
				t.Errorf("no event %s among %v", want, seen)
			}
		}
		r, err := c.Logs(t.Context(), kube.LogOptions{Namespace: "shop", Pod: p.Name, Container: p.Containers[0].Name, TailLines: 10})
		if err == nil {
			text, err := io.ReadAll(r)
			r.Close()
			if len(text) > 0 || err != nil {
				t.Errorf("the log of a pod that does not run: %q, %v", text, err)
			}
		} else if state, why := kube.StateOf(err); state != cluster.Failed {
			t.Errorf("the log of a pod that does not run is %s: %s", state, why)
		}
		_, err = c.Logs(t.Context(), kube.LogOptions{Namespace: "shop", Pod: "nobody", Container: "x"})
		if state, _ := kube.StateOf(err); state != cluster.NotServed {
			t.Errorf("the log of no pod: %v", err)
		}
	})
	t.Run("no values of secrets in a dump", func(t *testing.T) {
		const secret = "c2VjcmV0LXZhbHVlLTQ3MTE=" // secret-value-4711
		b.Kubectl(t, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"more","namespace":"shop"},"data":{"a":"`+secret+`"}}`, "apply", "-f", "-")
		file := filepath.Join(t.TempDir(), "d.tar.gz")
		if code, _, said := run(t, "dump", "--kubeconfig", b.Kubeconfig(), "-n", "shop", "--events", "-o", file); code != 0 {
			t.Fatalf("exit code %d: %s", code, said)
		}
		text := unpack(t, file)
		for _, s := range []string{secret, "secret-value-4711"} {
			if strings.Contains(text, s) {
				t.Errorf("the dump holds %s", s)
			}
		}
		if !strings.Contains(text, `"Keys":[{"Name":"a","Size":17}]`) {
			t.Error("the dump does not say that the secret has a key of 17 bytes")
		}
		if code, _, said := run(t, "dump", "--kubeconfig", b.Kubeconfig(), "-n", "shop", "-o", file); code != 2 || !strings.Contains(said, "--force") {
			t.Errorf("overwriting: exit code %d: %s", code, said)
		}
		b.Kubectl(t, "", "delete", "secret", "more", "-n", "shop")
	})
	t.Run("dumps are the same twice, and lint as the cluster", func(t *testing.T) {
		dir := t.TempDir()
		var first []byte
		for _, name := range []string{"a", "b"} {
			file := filepath.Join(dir, name)
			if code, _, said := run(t, "dump", "--kubeconfig", b.Kubeconfig(), "-A", "-o", file); code != 0 {
				t.Fatalf("exit code %d: %s", code, said)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if first == nil {
				first = data
			} else if !bytes.Equal(first, data) {
				t.Error("two dumps of the same state differ")
			}
		}
		_, live, _ := run(t, "lint", "--live", "--kubeconfig", b.Kubeconfig(), "-A", "-o", "json")
		_, dumped, _ := run(t, "lint", "--from", filepath.Join(dir, "a"), "-o", "json")
		if diff := cmp.Diff(findings(t, live), findings(t, dumped)); diff != "" || len(findings(t, live)) == 0 {
			t.Errorf("-live +dump\n%s", diff)
		}
	})
	t.Run("cluster-info dump", func(t *testing.T) {
		for _, format := range []string{"json", "yaml"} {
			dir := t.TempDir()
			b.Kubectl(t, "", "cluster-info", "dump", "--namespaces", "shop", "--output-directory", dir, "-o", format)
			d, err := dump.Read(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			s := lint.Snapshot(d.Input)
			if d.Layout != "cluster-info" || len(s.Of("apps", "Deployment")) != 1 || len(s.Records.Pods) == 0 || len(d.Events) == 0 {
				t.Errorf("%s: layout %s, %d Deployments, %d pods, %d events", format, d.Layout, len(s.Of("apps", "Deployment")), len(s.Records.Pods), len(d.Events))
			}
			o := s.Of("apps", "Deployment")[0]
			if !s.Covers(o, "", "Service") || s.Covers(o, "", "ConfigMap") {
				t.Errorf("%s: Services are listed in such a dump, ConfigMaps are not", format)
			}
		}
	})
}

// definitions installs the custom resources of the suite and waits until they are served.
func definitions(t *testing.T, b *bed.Bed) {
	t.Helper()
	data, err := os.ReadFile("crds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b.Kubectl(t, string(data), "apply", "-f", "-")
	b.Kubectl(t, "", "wait", "--for=condition=Established", "--timeout=30s", "crd/rollouts.argoproj.io", "crd/httproutes.gateway.networking.k8s.io")
}

// said is a finding, or an unknown, as the JSON report has it.
type said struct {
	Rule, Severity string
	Object         struct{ Kind, Namespace, Name string }
	Field, Message string
	Missing        string
}

func (f said) key() string {
	return f.Rule + " " + f.Object.Namespace + "/" + f.Object.Kind + "/" + f.Object.Name
}

type answer struct {
	Findings, Unknown []said
}

func answerOf(t *testing.T, text string) (a answer) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%v: %.300s", err, text)
	}
	return a
}

// findings returns all findings of a report, one a line, sorted.
func findings(t *testing.T, text string) (out []string) {
	t.Helper()
	for _, f := range answerOf(t, text).Findings {
		out = append(out, f.key()+" "+f.Field+": "+f.Message)
	}
	slices.Sort(out)
	return out
}
