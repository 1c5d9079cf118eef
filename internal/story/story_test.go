package story

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/source"
)

var update = flag.Bool("update", false, "write docs/story.md anew from docs/story.json")

// recorded is the record whose figures are in the docs.
func recorded(t *testing.T) *Record {
	t.Helper()
	data, err := os.ReadFile("../../docs/story.json")
	if err != nil {
		t.Fatal(err)
	}
	var r Record
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func TestDocs(t *testing.T) {
	r := recorded(t)
	if faults := r.Faults(); faults != nil || r.SchemaVersion != SchemaVersion {
		t.Errorf("docs/story.json does not tell the story: version %d, %q", r.SchemaVersion, faults)
	}
	dir := t.TempDir()
	if *update {
		dir = "../../docs"
	}
	if err := WriteDocs(dir, r); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"story.json", "story.md"} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join("../../docs", name)); !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not what its record and internal/story/page.md make; make docs", name)
		}
	}
}

// Every way in which a play may miss the story is said.
func TestFaults(t *testing.T) {
	for want, miss := range map[string]func(r *Record){
		"copied probes 1 of":        func(r *Record) { r.Copied.Ready = 1 },
		"copied probes there were":  func(r *Record) { r.Copied.Restarts = 1 },
		"no event":                  func(r *Record) { r.Copied.Killed = 0 },
		"does not name":             func(r *Record) { r.Lint.Causes = r.Lint.Causes[:1] },
		"did not mend":              func(r *Record) { r.Lint.Left = append(r.Lint.Left, "probe-startup-missing: none") },
		"are different now":         func(r *Record) { r.Lint.Left = nil },
		"after adopt lint":          func(r *Record) { r.Lint.After = []string{"probes-identical: still"} },
		"mended: the rollout":       func(r *Record) { r.Mended.Complete = false },
		"adopted: the rollout":      func(r *Record) { r.Adopted.Ready = 1 },
		"mended: 1 restarts":        func(r *Record) { r.Mended.Restarts = 1 },
		"adopted: 0 restarts, 1":    func(r *Record) { r.Adopted.Killed = 1 },
		"one truth: 0 restarts":     func(r *Record) { r.Outage.Restarts = 0 },
		"one truth: silent":         func(r *Record) { r.Outage.LateSeconds = 0 },
		"three truths: 1 of":        func(r *Record) { r.Adopted.Visitors.Failed = 1 },
		"three truths: 0 of 10":     func(r *Record) { r.Adopted.Visitors.Requests = 10 },
		"three truths: 2 of":        func(r *Record) { r.Adopted.Visitors.LongFailed = 2 },
		"three truths: 1 restarts":  func(r *Record) { r.Again.Restarts = 1 },
		"sessions in memory: 40 of": func(r *Record) { r.Memory.Found = 40 },
		"sessions in the store: 39": func(r *Record) { r.Store.Found = 39 },
	} {
		r := recorded(t)
		miss(r)
		if faults := r.Faults(); len(faults) != 1 || !strings.Contains(faults[0], want) {
			t.Errorf("want one fault with %q, got %q", want, faults)
		}
	}
}

// A server that falls silent for a while: the requests in that time fail, and it is measured.
func TestVisit(t *testing.T) {
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		} else if d, err := time.ParseDuration(r.FormValue("for")); err == nil {
			time.Sleep(d / 10)
		}
	}))
	defer server.Close()
	end := visit(t.Context(), server.URL)
	time.Sleep(300 * time.Millisecond)
	broken.Store(true)
	began := time.Now()
	time.Sleep(2500 * time.Millisecond)
	broken.Store(false)
	lasted := time.Since(began)
	time.Sleep(300 * time.Millisecond)
	seen, silences := end()
	if seen.Failed == 0 || seen.Requests <= seen.Failed || seen.LongFailed == 0 || seen.Long <= seen.LongFailed || len(silences) != 1 {
		t.Errorf("%+v, silences %v; want some requests of both kinds that failed, some that did not, one silence", seen, silences)
	}
	if d := after(silences, time.Time{}); d < lasted-100*time.Millisecond || d > lasted+500*time.Millisecond {
		t.Errorf("silent for %s, want about %s", d, lasted)
	}
}

func TestAfter(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	spans := []span{{at(10), at(13)}, {at(20), at(30)}}
	for from, want := range map[int]time.Duration{0: 13, 12: 11, 15: 10, 25: 5, 40: 0} {
		if got := after(spans, at(from)); got != want*time.Second {
			t.Errorf("after %d: %s, want %s", from, got, want*time.Second)
		}
	}
}

// cluster answers kubectl get with lists, one after another; the last one stays.
type cluster map[string][]string

func (c cluster) Run(_ context.Context, _ string, args ...string) (string, string, error) {
	for kind, lists := range c {
		if !slices.Contains(args, kind) {
			continue
		}
		if len(lists) > 1 {
			c[kind] = lists[1:]
		}
		return `{"items": [` + lists[0] + `]}`, "", nil
	}
	return "", "", fmt.Errorf("kubectl %q was not expected", args)
}

func podOf(uid string, ready bool, restarts int) string {
	return fmt.Sprintf(`{"metadata": {"uid": %q}, "status": {"containerStatuses": [{"ready": %t, "restartCount": %d}]}}`, uid, ready, restarts)
}

func TestWatch(t *testing.T) {
	for _, fresh := range []bool{false, true} {
		c := cluster{
			"pods": {
				podOf("a", true, 3) + "," + podOf("b", true, 0),
				podOf("a", false, 4) + "," + podOf("c", true, 0),
				podOf("b", true, 1) + "," + podOf("c", true, 2), // a has gone, and its restarts count
			},
			"events": {
				`{"reason": "Killing", "message": "Container x failed liveness probe, will be restarted", "count": 2, "involvedObject": {"uid": "c"}},` +
					`{"reason": "Killing", "message": "Container x failed liveness probe, will be restarted", "involvedObject": {"uid": "a"}},` +
					`{"reason": "Killing", "message": "Stopping container x", "involvedObject": {"uid": "c"}},` +
					`{"reason": "Killing", "message": "Container y failed liveness probe, will be restarted", "involvedObject": {"uid": "other"}}`,
			},
		}
		w, end := watch(t.Context(), c, fresh, func(int, int) {})
		if err := end(); err != nil {
			t.Fatal(err)
		}
		w.look(t.Context())
		w.look(t.Context())
		ready, restarts := w.state()
		killed, _, err := w.kills(t.Context())
		got := fmt.Sprint(ready, restarts, killed, err)
		want := "2 4 3 <nil>" // a 3 to 4, b 0 to 1, c 0 to 2; kills of a and c
		if fresh {
			want = "1 2 2 <nil>" // c alone
		}
		if got != want {
			t.Errorf("fresh %t: ready, restarts, kills %s, want %s", fresh, got, want)
		}
	}
}

// What the developers change fits the copied manifests, and nothing of /health is left.
func TestThreeTruths(t *testing.T) {
	data, err := os.ReadFile("../../examples/koreserver/copied/koreserver.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if replicas, boot, err := size(data); err != nil || replicas != 2 || boot <= 15 {
		t.Errorf("%d replicas boot in %g s (%v); want 2 that take more than the 15 s that liveness may allow", replicas, boot, err)
	}
	name := filepath.Join(t.TempDir(), "koreserver.yaml")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := edit(name, threeTruths...); err != nil {
		t.Fatal(err)
	}
	data, _ = os.ReadFile(name)
	root := source.Parse(name, data).Docs[0].Root
	for field, want := range map[string]string{"args[1]": "--truths=three", "ports[1].name": "health", "ports[1].containerPort": "8081"} {
		if at, _ := root.Find(container(field)); at.Value.Text() != want {
			t.Errorf("%s is %q, want %q", field, at.Value.Text(), want)
		}
	}
	if bytes.Contains(data, []byte("Probe")) {
		t.Errorf("a probe is left:\n%s", data)
	}
}

func TestSizeRefuses(t *testing.T) {
	for _, text := range []string{"", "spec: {replicas: 2}", "spec: {replicas: 2, template: {spec: {containers: [{args: [--boot=soon]}]}}}"} {
		if _, _, err := size([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// said is a cluster that answers every command with the same words.
type said string

func (s said) Run(context.Context, string, ...string) (string, string, error) {
	return string(s), "", nil
}

// A rollout that does not come to its end says what keeps it.
func TestWaiting(t *testing.T) {
	for answer, want := range map[said]string{
		"\n\n0/1 nodes are available: 1 Insufficient ephemeral-storage.\n0/1 nodes are available: 1 Insufficient ephemeral-storage.\n": "the scheduler says: 0/1 nodes are available: 1 Insufficient ephemeral-storage.",
		"\n\n": "all pods have a node; a busy machine may be too slow for the probes",
	} {
		if got := (&Play{Cluster: answer}).waiting(t.Context()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
