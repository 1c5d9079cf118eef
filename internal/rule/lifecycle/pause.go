package lifecycle

import (
	"math"
	"path"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// defaultGrace is terminationGracePeriodSeconds when nobody says (k8s.io/api core/v1 DefaultTerminationGracePeriodSeconds).
const defaultGrace = corev1.DefaultTerminationGracePeriodSeconds

// graceOf returns the grace period of w's pods in seconds.
func graceOf(w *cluster.Workload) int64 {
	if g := w.Template.Spec.TerminationGracePeriodSeconds; g != nil {
		return *g
	}
	return defaultGrace
}

// preStop returns a container's preStop hook, nil when it has none.
func preStop(c *cluster.Container) *corev1.LifecycleHandler {
	if c.Lifecycle == nil {
		return nil
	}
	return c.Lifecycle.PreStop
}

// longestPause returns the container whose preStop hook sleeps longest, and the seconds; nil when none surely sleeps.
func longestPause(w *cluster.Workload) (longest *cluster.Container, seconds int64) {
	for c := range w.Main() {
		if h := preStop(c); h != nil && c.Image != "" { // not a fragment of a patch
			if s := pause(h); s > seconds {
				longest, seconds = c, s
			}
		}
	}
	return longest, seconds
}

// pause returns how many seconds a hook surely sleeps, rounded up.
func pause(h *corev1.LifecycleHandler) int64 {
	switch {
	case h.Sleep != nil:
		return h.Sleep.Seconds
	case h.Exec != nil:
		s, _ := sleeps(h.Exec.Command)
		return s
	}
	return 0
}

// sleeps returns how many seconds a command surely sleeps, rounded up, and whether that is all it does. It knows sleep itself, and
// scripts given to a shell as a list of simple commands up to the first loop or condition.
func sleeps(command []string) (seconds int64, only bool) {
	if len(command) == 0 {
		return 0, false
	}
	if path.Base(command[0]) == "sleep" {
		s, ok := sum(command[1:])
		return int64(math.Ceil(s)), ok
	}
	if len(command) != 3 || !shell(command[0]) || !strings.HasPrefix(command[1], "-") || !strings.HasSuffix(command[1], "c") {
		return 0, false
	}
	total, only := 0.0, true
	for _, part := range strings.Split(statements.Replace(command[2]), "\n") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		if s, ok := sum(words[1:]); ok && path.Base(words[0]) == "sleep" {
			total += s
			continue
		}
		only = false
		switch words[0] {
		case "if", "while", "until", "for", "case", "exit", "exec", "{", "(":
			return int64(math.Ceil(total)), false
		}
	}
	return int64(math.Ceil(total)), only && total > 0
}

// statements breaks a script where one command follows another. What comes after || may never run and stays on its line.
var statements = strings.NewReplacer("&&", "\n", ";", "\n")

func shell(name string) bool {
	switch path.Base(name) {
	case "sh", "bash", "ash", "dash":
		return true
	}
	return false
}

// sum adds durations as sleep takes them: 10, 0.5, 10s, 1m.
func sum(words []string) (seconds float64, ok bool) {
	for _, w := range words {
		unit := 1.0
		switch {
		case strings.HasSuffix(w, "s"):
			w = w[:len(w)-1]
		case strings.HasSuffix(w, "m"):
			w, unit = w[:len(w)-1], 60
		case strings.HasSuffix(w, "h"):
			w, unit = w[:len(w)-1], 3600
		}
		n, err := strconv.ParseFloat(w, 64)
		if err != nil || n < 0 || n > 1e6 {
			return 0, false
		}
		seconds += n * unit
	}
	return seconds, len(words) > 0
}
