package probes

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/testkit/bed"
)

const (
	image     = "localhost/probes-app:1"
	namespace = "probes"
)

// A real kubelet does what the simulator says it may, in every scenario.
func TestNode(t *testing.T) {
	b := bed.Node(t)
	up := time.Now()
	b.Load(t, image, "./app")
	b.Kubectl(t, "", "create", "namespace", namespace)
	r := &run{Bed: b, dir: t.TempDir()}
	for dir := r.dir; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the node's pods write below it as somebody else
			t.Fatal(err)
		}
	}
	r.watch(t)
	// A worker that a young kubelet makes begins at a random moment of its period.
	time.Sleep(time.Until(up.Add(15 * time.Second)))

	var together, old, young []*scenario
	for i := range scenarios {
		switch s := &scenarios[i]; s.restartKubelet {
		case 0:
			together = append(together, s)
		case oldAge:
			old = append(old, s)
		case youngAge:
			young = append(young, s)
		}
	}
	r.start(t, together...)
	r.await(t, together...)
	r.start(t, old...)
	r.at(t, old[0], old[0].restartKubelet-young[0].restartKubelet)
	r.start(t, young...)
	r.at(t, young[0], young[0].restartKubelet)
	killed := time.Now()
	b.RestartKubelet(t)
	r.await(t, append(old, young...)...)

	records := map[string]record{}
	seen := r.stop(t)
	for i := range scenarios {
		records[scenarios[i].name] = r.record(t, &scenarios[i], seen, killed)
	}
	if *update {
		text, err := json.MarshalIndent(records, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(recorded, append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	judge(t, records, sweeps)
}

// What the node of the last run with -update did is one of the simulator's histories, as long as the simulator is right.
func TestRecorded(t *testing.T) {
	text, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	var records map[string]record
	if err := json.Unmarshal(text, &records); err != nil {
		t.Fatal(err)
	}
	judge(t, records, nothing) // it holds nothing rare, and so notices more
}

const recorded = "testdata/node.json"

var update = flag.Bool("update", false, "keep what the node does in "+recorded)

// judge judges all scenarios and prints the table of docs/benchmarks.md.
func judge(t *testing.T, records map[string]record, rarest rare) {
	t.Helper()
	table := "| scenario | each container's life (s): predicted | seen | wait for the next (s): predicted | seen | moments | apart (s) |\n|---|---|---|---|---|---|---|\n"
	for i := range scenarios {
		s := &scenarios[i]
		t.Run(s.name, func(t *testing.T) { table += s.judge(t, records[s.name], rarest) })
	}
	t.Logf("predicted and seen:\n%s", table)
}

// A run is all scenarios on one node.
type run struct {
	*bed.Bed
	dir  string
	stop func(*testing.T) observed
}

// observed is what the API server said, by pod.
type observed struct {
	ready  map[string][]change
	killed map[string][]change
	events map[string][]time.Time // all of them; beyond 25 the kubelet holds some back
}

// A change has a time in whole seconds.
type change struct {
	number int
	at     time.Time
}

// start starts the scenarios' pods.
func (r *run) start(t *testing.T, scenarios ...*scenario) {
	t.Helper()
	var pods []map[string]any
	for _, s := range scenarios {
		dir := filepath.Join(r.dir, s.name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil { // Mkdir heeds the umask
			t.Fatal(err)
		}
		pods = append(pods, s.manifest(dir))
	}
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": pods})
	if err != nil {
		t.Fatal(err)
	}
	r.Kubectl(t, string(text), "--namespace", namespace, "apply", "--filename=-")
}

// seenAt is when the kubelet saw the pod first, in whole seconds.
func (r *run) seenAt(t *testing.T, s *scenario) time.Time {
	t.Helper()
	for range 100 {
		text := r.Kubectl(t, "", "--namespace", namespace, "get", "pod", s.name, "--output=jsonpath={.status.startTime}")
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			return at
		}
		time.Sleep(300 * time.Millisecond)
	}
	t.Fatalf("the kubelet has not seen the pod %s within 30 s", s.name)
	return time.Time{}
}

// await returns when the scenarios have been watched for as long as they want.
func (r *run) await(t *testing.T, scenarios ...*scenario) {
	t.Helper()
	for _, s := range scenarios {
		time.Sleep(time.Until(r.seenAt(t, s).Add(s.until + time.Second)))
	}
}

// at returns when the scenario's first container has that age.
func (r *run) at(t *testing.T, s *scenario, age time.Duration) {
	t.Helper()
	for range 100 {
		if text, err := os.ReadFile(filepath.Join(r.dir, s.name, "log")); err == nil {
			lines, err := parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(lines[0].at.Add(age)))
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatalf("no container of %s within 20 s", s.name)
}

// watch follows the pods and events until stop is called, which gives what there was.
func (r *run) watch(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var pods, events string
	var group sync.WaitGroup
	follow := func(into *string, what, columns string) {
		group.Go(func() {
			*into, _, _ = r.Run(ctx, "", "--namespace", namespace, "get", what, "--watch", "--output=jsonpath="+columns)
		})
	}
	follow(&pods, "pods", `{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.conditions[?(@.type=="Ready")].lastTransitionTime}{"\n"}`)
	follow(&events, "events", `{.involvedObject.name} {.reason} {.lastTimestamp} {.message}{"\n"}`)
	r.stop = func(t *testing.T) observed {
		t.Helper()
		cancel()
		group.Wait()
		o := observed{map[string][]change{}, map[string][]change{}, map[string][]time.Time{}}
		at := func(text string) time.Time {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t.Error(err)
			}
			return at
		}
		for line := range strings.Lines(pods) {
			f := strings.Fields(line)
			if len(f) != 3 {
				continue // no condition yet
			}
			list, number := o.ready[f[0]], map[string]int{"True": 1}[f[1]]
			if len(list) == 0 && number == 0 || len(list) > 0 && list[len(list)-1].number == number {
				continue
			}
			o.ready[f[0]] = append(list, change{number, at(f[2])})
		}
		for line := range strings.Lines(events) {
			f := strings.Fields(line)
			if len(f) < 4 || f[2] == "null" {
				continue // the scheduler's have another time
			}
			o.events[f[0]] = append(o.events[f[0]], at(f[2]))
			if f[1] != "Killing" {
				continue
			}
			for _, k := range []probesim.Kind{startup, liveness} {
				if strings.Contains(line, "failed "+k.String()+" probe") {
					o.killed[f[0]] = append(o.killed[f[0]], change{int(k), at(f[2])})
				}
			}
		}
		return o
	}
	t.Cleanup(func() { cancel(); group.Wait() })
}

// A line is one of the application's record.
type line struct {
	at   time.Time
	n    int
	what string
	kind probesim.Kind
}

func parse(text string) ([]line, error) {
	var all []line
	for row := range strings.Lines(text) {
		var ns int64
		var l line
		if _, err := fmt.Sscan(row, &ns, &l.n, &l.what); err != nil {
			return nil, fmt.Errorf("record %q: %w", row, err)
		}
		if l.what == "call" {
			f := strings.Fields(row)
			k, err := strconv.Atoi(f[len(f)-1])
			if err != nil || len(f) != 4 {
				return nil, fmt.Errorf("record %q: a call without a kind", row)
			}
			l.kind = probesim.Kind(k)
		}
		l.at = time.Unix(0, ns)
		all = append(all, l)
	}
	return all, nil
}

// record makes the node's record of a scenario.
func (r *run) record(t *testing.T, s *scenario, o observed, restarted time.Time) record {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, s.name, "log"))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	origin := r.seenAt(t, s)
	got := trace{}
	add := func(what string, number int, at time.Duration) {
		if at < s.until {
			got.add(what, number, at)
		}
	}
	for _, l := range lines {
		what := map[string]string{"call": l.kind.String(), "start": started, "term": told, "exit": exited}[l.what]
		add(what, l.n, l.at.Sub(origin))
	}
	for _, c := range o.ready[s.name] {
		add(ready, c.number, c.at.Sub(origin)+500*time.Millisecond)
	}
	for _, c := range o.killed[s.name] {
		add(killed, c.number, c.at.Sub(origin)+500*time.Millisecond)
	}
	heard := 0
	for _, at := range o.events[s.name] {
		if at.Sub(origin) < s.until {
			heard++
		}
	}
	if heard >= 25 {
		got.add(unheard, 0, 0)
	}
	made := record{Trace: got}
	if s.restartKubelet > 0 {
		made.Restarted = restarted.Sub(origin)
	}
	return made
}

// judge compares one scenario and gives its row of the table.
func (s *scenario) judge(t *testing.T, r record, rarest rare) string {
	got := r.Trace
	m := s.replay(probesim.Newest, r, beginnings, rarest)
	if m.wrong > 0 {
		t.Errorf("%s: no history of the simulator has the node's trace; the nearest that was found differs in %d moments, first: %v\n%s",
			s.claim, m.wrong, m.first, sideBySide(m.trace, got))
	}
	if s.differs {
		if old := s.replay(34, r, beginnings/10, rarest); old.wrong == 0 {
			t.Errorf("the node's trace could be that of a kubelet 1.34 too: it proves nothing\n%s", sideBySide(trace{}, got))
		}
	}
	if m.wrong == 0 {
		switch m.rare {
		case hears:
			t.Log("the readiness worker heard that it was to ask out of turn when the sync that told it was over")
		case sweeps:
			t.Log("the kubelet removed an exited container while the next one was created, and counted no back-off from it")
		}
	}
	alive, waited := s.ranges(r.Restarted)
	lived, waits := lives(got)
	within := func(what string, spans []span, values []time.Duration, longer time.Duration) {
		for i, v := range values {
			if i >= len(spans) || v < spans[i].from-longer || v > spans[i].to+longer {
				t.Errorf("%s, no. %d: %.2f s, not of %v", what, i+1, v.Seconds(), spans)
			}
		}
	}
	within("life", alive, lived, late) // a busy kubelet may miss the first tick, and a busy runtime starts late
	if m.rare != sweeps {
		within("wait for the next start", waited, waits, late+tolerance) // the runtime may take longer than it is given there
	}
	n := 0
	for _, list := range got {
		n += len(list)
	}
	return fmt.Sprintf("| %s: %s | %s | %s | %s | %s | %d | %.2f |\n", s.name, s.claim,
		join(alive[:min(len(lived), len(alive))]), join(lived), join(waited[:min(len(waits), len(waited))]), join(waits), n, m.worst.Seconds())
}

// join lists spans or durations in seconds.
func join[T any](list []T) string {
	var texts []string
	for _, x := range list {
		if d, ok := any(x).(time.Duration); ok {
			texts = append(texts, fmt.Sprintf("%.1f", d.Seconds()))
			continue
		}
		texts = append(texts, fmt.Sprint(x))
	}
	return strings.Join(texts, ", ")
}

// sideBySide lists two traces, a row for each list.
func sideBySide(simulator, node trace) string {
	var out strings.Builder
	for _, what := range []string{started, startup.String(), readiness.String(), liveness.String(), told, exited, ready, killed} {
		for who, tr := range map[string]trace{"simulator": simulator, "node     ": node} {
			if len(tr[what]) == 0 {
				continue
			}
			fmt.Fprintf(&out, "%-10s %s ", what, who)
			for _, m := range tr[what] {
				fmt.Fprintf(&out, " %d@%.2f", m.Number, m.At.Seconds())
			}
			out.WriteByte('\n')
		}
	}
	return out.String()
}
