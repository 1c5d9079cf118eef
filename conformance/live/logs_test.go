package live

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/dump"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

// A container that ends at once: a dump has what its runs said, how often it was started again, and the node's events.
func TestLogs(t *testing.T) {
	b := bed.Node(t)
	b.Load(t, "localhost/koreserver:1", "../../examples/koreserver")
	b.Kubectl(t, "", "create", "namespace", "shop")
	b.Kubectl(t, `{apiVersion: v1, kind: Pod, metadata: {name: broken, namespace: shop}, spec: {containers: [
		{name: main, image: "localhost/koreserver:1", args: [--truths=four]}]}}`, "apply", "-f", "-")
	b.Eventually(t, time.Minute, "1", "get", "pod", "broken", "-n", "shop", "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
	b.Eventually(t, time.Minute, "CrashLoopBackOff", "get", "pod", "broken", "-n", "shop", "-o", "jsonpath={.status.containerStatuses[0].state.waiting.reason}")

	file := filepath.Join(t.TempDir(), "d.tar.gz")
	if code, _, said := run(t, "dump", "-n", "shop", "--events", "--logs", "-o", file, "--kubeconfig", b.Kubeconfig()); code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	d, err := dump.Read(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, previous := range []bool{false, true} {
		i := slices.IndexFunc(d.Logs, func(l dump.Log) bool { return l.Pod == "broken" && l.Container == "main" && l.Previous == previous })
		if i < 0 {
			t.Errorf("no log, previous %v: %+v", previous, d.Logs)
		} else if l := d.Logs[i]; l.State != cluster.Listed || !strings.Contains(string(l.Text), "--truths=four: there are one and three") {
			t.Errorf("the log, previous %v, is %s %s: %q", previous, l.State, l.Detail, l.Text)
		}
	}
	if !slices.ContainsFunc(d.Events, func(e corev1.Event) bool { return e.InvolvedObject.Name == "broken" && e.Reason == "BackOff" }) {
		t.Errorf("no event says BackOff: %d events", len(d.Events))
	}
	pods := d.Input.Records.Pods
	if len(pods) != 1 || pods[0].Containers[0].Restarts < 1 || pods[0].Containers[0].Last.ExitCode != 2 {
		t.Errorf("the record of the pod: %+v", pods)
	}
}
