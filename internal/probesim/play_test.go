package probesim_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	. "github.com/fairway-k8s/fairway/internal/probesim"
)

var update = flag.Bool("update", false, "write what the plays print")

// A play is a text file: a sentence of intent, what is done ("play"), and what the kubelet then does ("events"). The lines of a play:
//
//	kubelet [instant] [version=35] [max-backoff=60s]
//	container [startup|readiness|liveness=PERIOD/TIMEOUT/FAILURES[/DELAY]] [grace=30s] [prestop=5s] [boot=45s] [lock=200s] [exit=1s] [stop=1s] [sidecar] [live-in-boot]
//	run 90s            until that instant
//	crash CODE         of container 0, now
//	restart-kubelet
//	delete GRACE
//
// Ages of lock and exit are those of the first incarnation; the later ones go on for ever.
func TestPlays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no plays", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := perform(t, string(a.Files[0].Data))
			if *update {
				a.Files = append(a.Files[:1], txtar.File{Name: "events", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(a.Files[1].Data), got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func perform(t *testing.T, play string) string {
	var (
		k          Kubelet
		containers []Container
		p          *Pod
		now        time.Duration
		events     []Event
	)
	k.RelistPhase, k.PollPhase = 750*time.Millisecond, 600*time.Millisecond
	duration := func(s string) time.Duration {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	until := func(end time.Duration) {
		if p == nil {
			p = NewPod(k, nil, 0, containers...)
		}
		events, now = p.Run(end, events), end
	}
	for line := range strings.Lines(play) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "kubelet":
			for _, w := range words[1:] {
				key, value, _ := strings.Cut(w, "=")
				switch key {
				case "instant":
					k.Instant = true
				case "version":
					k.Version = Version(number(value))
				case "max-backoff":
					k.MaxBackOff = duration(value)
				default:
					t.Fatalf("unknown %q", w)
				}
			}
		case "container":
			containers = append(containers, container(t, words[1:], duration, number))
		case "run":
			until(duration(words[1]))
		case "crash":
			events = p.Crash(now, 0, number(words[1]), events)
		case "restart-kubelet":
			p.RestartKubelet(now)
		case "delete":
			events = p.Delete(now, duration(words[1]), events)
		default:
			t.Fatalf("unknown %q", line)
		}
	}
	var b strings.Builder
	for _, e := range events {
		if e.Type == Synced || e.Type == ProbeStarted {
			continue
		}
		fmt.Fprintf(&b, "%-12v %v", e.At, e.Type)
		switch e.Type {
		case PodEnded:
		case ReadyChanged:
			fmt.Fprintf(&b, " %v", e.On)
		case StartedChanged:
			fmt.Fprintf(&b, " %d %v", e.Container, e.On)
		case ResultChanged:
			value := map[Outcome]string{Success: "success", Failure: "failure", Errored: "unknown"}[e.Outcome]
			fmt.Fprintf(&b, " %d/%d %v %v", e.Container, e.Incarnation, e.Kind, value)
		case ProbeEnded:
			fmt.Fprintf(&b, " %d/%d %v %v", e.Container, e.Incarnation, e.Kind, e.Outcome)
		case Killing:
			fmt.Fprintf(&b, " %d/%d for %v", e.Container, e.Incarnation, e.Kind)
		case ContainerExited:
			fmt.Fprintf(&b, " %d/%d code %d", e.Container, e.Incarnation, e.Code)
		case BackingOff:
			fmt.Fprintf(&b, " %d/%d until %v", e.Container, e.Incarnation, e.Until)
		default:
			fmt.Fprintf(&b, " %d/%d", e.Container, e.Incarnation)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func container(t *testing.T, words []string, duration func(string) time.Duration, number func(string) int) Container {
	s := &Service{Latency: 5 * time.Millisecond}
	first := func(d time.Duration) func(int) time.Duration {
		return func(n int) time.Duration {
			if n > 0 {
				return Never
			}
			return d
		}
	}
	var spec Spec
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "startup", "readiness", "liveness":
			f := append(strings.Split(value, "/"), "0")
			p := &Probe{Period: time.Duration(number(f[0])) * time.Second, Timeout: time.Duration(number(f[1])) * time.Second, FailureThreshold: number(f[2]), InitialDelay: time.Duration(number(f[3])) * time.Second}
			*map[string]**Probe{"startup": &spec.Startup, "readiness": &spec.Readiness, "liveness": &spec.Liveness}[key] = p
		case "grace":
			spec.Grace = duration(value)
		case "prestop":
			spec.PreStop = duration(value)
		case "sidecar":
			spec.Sidecar = true
		case "boot":
			d := duration(value)
			s.Boot = func(int) time.Duration { return d }
		case "lock":
			s.Locks = first(duration(value))
		case "exit":
			s.Exits = first(duration(value))
		case "stop":
			s.StopTime = duration(value)
		case "live-in-boot":
			s.LiveInBoot = true
		default:
			t.Fatalf("unknown %q", w)
		}
	}
	return Container{Spec: spec, App: s}
}
