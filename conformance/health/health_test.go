// Package health asks a real kubelet what it does to services that tell three truths: one on package health, and one beside the shim.
package health

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

func TestKubelet(t *testing.T) {
	b := bed.Node(t)
	for image, folder := range map[string]string{"koreserver": "../../examples/koreserver", "sessionstore": "../../examples/koreserver/sessionstore", "fairway-shim": "../../health/cmd/fairway-shim"} {
		b.Load(t, "localhost/"+image+":1", folder)
	}
	pods, err := os.ReadFile("pods.yaml")
	if err != nil {
		t.Fatal(err)
	}
	b.Kubectl(t, string(pods), "apply", "-f", "-")
	ready := func(pod string) []string {
		return []string{"get", "pod", pod, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`}
	}
	restarts := func(pod string) string {
		return b.Kubectl(t, "", "get", "pod", pod, "-o", `jsonpath={range .status.initContainerStatuses[*]}{.name}={.restartCount} {end}{range .status.containerStatuses[*]}{.name}={.restartCount}{end}`)
	}
	// After the boot all are ready: the one on package health too, which has no store at all.
	for _, pod := range []string{"three", "stuck", "slow"} {
		b.Eventually(t, time.Minute, "True", ready(pod)...)
	}
	for pod, want := range map[string]string{"three": "app=0", "stuck": "fairway-shim=0 app=0", "slow": "sessionstore=0 fairway-shim=0 app=0"} {
		if got := restarts(pod); got != want {
			t.Errorf("after its boot %s has restarts %s, want %s", pod, got, want)
		}
	}
	// A store that is slow for all takes a pod with one URL out of its Service, which is what that URL says; and restarts nothing.
	b.Eventually(t, time.Minute, "False", ready("slow")...)
	// A deadlock restarts the application, and nothing else.
	for pod, want := range map[string]string{"three": "app=1", "stuck": "fairway-shim=0 app=1"} {
		b.Eventually(t, time.Minute, "1", "get", "pod", pod, "-o", "jsonpath={.status.containerStatuses[0].restartCount}")
		if got := restarts(pod); got != want {
			t.Errorf("after a deadlock %s has restarts %s, want %s", pod, got, want)
		}
		events := b.Kubectl(t, "", "get", "events", "--field-selector=involvedObject.name="+pod, "-o", "jsonpath={.items[*].message}")
		if !strings.Contains(events, "Liveness probe failed: HTTP probe failed with statuscode: 503") {
			t.Errorf("no event of %s says that live answered 503: %s", pod, events)
		}
	}
	if got, want := restarts("slow"), "sessionstore=0 fairway-shim=0 app=0"; got != want {
		t.Errorf("with a slow store there are restarts %s, want %s", got, want)
	}
	// The shim ends when the application has: it does not hold the pod for the rest of its 30 s.
	began := time.Now()
	b.Kubectl(t, "", "delete", "pod", "slow", "--wait")
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("a pod with a shim took %s to end", took)
	}
}
