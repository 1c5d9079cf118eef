// Package rollout holds what rules say of rollouts against a real Deployment controller.
package rollout

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: waves, namespace: default}
spec:
  replicas: 5
  progressDeadlineSeconds: %d
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: waves}}
  template:
    metadata: {labels: {app: waves, version: %q}}
    spec:
      containers:
        - {name: app, image: "localhost/app:1"}
`

// TestDeadlineIsPerWave: progressDeadlineSeconds bounds the time without progress, and each new pod that is available is progress. A rollout of five waves, each
// shorter than the deadline and all together longer, is never declared failed; one boot longer than the deadline is. So rule
// probe-budget-exceeds-progress-deadline compares the deadline with one boot, and not with boot x waves. There is no node: the test says when pods are ready.
func TestDeadlineIsPerWave(t *testing.T) {
	b := bed.ControlPlane(t)
	const deadline, boot = 12, 7 * time.Second
	apply := func(version string) { b.Kubectl(t, fmt.Sprintf(deployment, deadline, version), "apply", "-f", "-") }
	apply("1")
	eventually(t, "the first five pods to be there", func() bool { return len(pods(t, b, "1")) == 5 })
	for _, name := range pods(t, b, "1") {
		ready(t, b, name)
	}
	eventually(t, "the first version to be available", func() bool { return number(t, b, "{.status.availableReplicas}") == 5 })

	apply("2")
	begun := time.Now()
	seen := map[string]bool{}
	for wave := 1; wave <= 5; wave++ {
		var name string
		eventually(t, fmt.Sprintf("the pod of wave %d", wave), func() bool {
			for _, n := range pods(t, b, "2") {
				if !seen[n] {
					name = n
				}
			}
			return name != ""
		})
		seen[name] = true
		for end := time.Now().Add(boot); time.Now().Before(end); time.Sleep(time.Second) {
			if reason := progressing(t, b); reason == "ProgressDeadlineExceeded" {
				t.Fatalf("declared failed in wave %d, %s after the start of the rollout and less than %s into the boot", wave, time.Since(begun).Round(time.Second), boot)
			}
		}
		ready(t, b, name)
	}
	eventually(t, "the rollout to end", func() bool { return progressing(t, b) == "NewReplicaSetAvailable" })
	if took := time.Since(begun); took < 2*deadline*time.Second {
		t.Fatalf("the rollout took %s, which is no test of a deadline of %d s", took, deadline)
	}

	apply("3") // a boot that takes longer than the deadline
	eventually(t, "one boot longer than the deadline to be declared failed", func() bool { return progressing(t, b) == "ProgressDeadlineExceeded" })
}

func pods(t *testing.T, b *bed.Bed, version string) (names []string) {
	t.Helper()
	var list struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(b.Kubectl(t, "", "get", "pods", "-l", "app=waves,version="+version, "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Items {
		names = append(names, p.Metadata.Name)
	}
	return names
}

func ready(t *testing.T, b *bed.Bed, pod string) {
	t.Helper()
	now := time.Now().UTC().Format(time.RFC3339)
	b.Kubectl(t, "", "patch", "pod", pod, "--subresource=status", "--type=merge", "-p",
		`{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "`+now+`"}]}}`)
}

func progressing(t *testing.T, b *bed.Bed) string {
	t.Helper()
	return b.Kubectl(t, "", "get", "deployment", "waves", "-o", `jsonpath={.status.conditions[?(@.type=="Progressing")].reason}`)
}

func number(t *testing.T, b *bed.Bed, path string) int {
	t.Helper()
	n, _ := strconv.Atoi(b.Kubectl(t, "", "get", "deployment", "waves", "-o", "jsonpath="+path))
	return n
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !is(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited 40 s for %s", what)
		}
	}
}
