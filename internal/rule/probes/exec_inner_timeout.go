package probes

import (
	"path"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// execInnerTimeout adds up the deadlines that a command gives itself, as one may come after the other. It knows the options of the programs that
// probes use; what it does not know counts as nothing. It has no mend, as nobody can say which of the two numbers is meant.
var execInnerTimeout = &rule.Rule{
	ID:    "probe-exec-inner-timeout",
	Title: "a probe's command may take longer than the kubelet waits for it",
	Why: "When timeoutSeconds is over the kubelet counts a failure and the container runtime is to end the command, which may live on in the container. The command's " +
		"own deadline never comes, nor what it does then, and an endpoint that would have answered in time by its own measure restarts the container.",
	How:      "Let the deadlines of the command add up to at most 0.8 x timeoutSeconds.",
	Example:  "readinessProbe:\n  exec: {command: [curl, -fsS, --max-time, \"4\", \"http://localhost:8080/ready\"]}\n  timeoutSeconds: 5\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0",
	Links: []string{linkConfigure},
	Params: []rule.Param{
		{Name: "share", Doc: "how much of timeoutSeconds the command may use, at most", Default: 0.8},
	},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if !probed(c) {
			return
		}
		for _, a := range asks(c.Container) {
			if a.probe == nil || a.probe.Exec == nil {
				continue
			}
			t, inner := timingOf(a.probe), innerTimeout(a.probe.Exec.Command)
			if inner <= float64(t.timeout)*p.Float("share") {
				continue
			}
			p.Report(w.Object, c.Path+"."+a.field, "the command gives itself %g s, but the kubelet waits %d s for it", inner, t.timeout)
		}
	},
}

// deadlines are the options by which programs are given one: in seconds, or with a unit. Of -m and -T alike the value may be attached.
var deadlines = map[string][]string{
	"curl":              {"--max-time", "-m"},
	"wget":              {"--timeout", "-T"},
	"pg_isready":        {"--timeout", "-t"},
	"nc":                {"-w"},
	"grpc_health_probe": {"-connect-timeout", "--connect-timeout", "-rpc-timeout", "--rpc-timeout"},
	"redis-cli":         {"-t"},
}

// innerTimeout adds up the deadlines in a command, 0 when it has none.
func innerTimeout(command []string) (seconds float64) {
	words := command
	if len(command) >= 3 && (path.Base(command[0]) == "sh" || path.Base(command[0]) == "bash" || path.Base(command[0]) == "ash") {
		words = strings.Fields(strings.NewReplacer(";", " ", "&&", " ", "||", " ", "|", " ", "(", " ", ")", " ", "'", "", "\"", "").Replace(command[len(command)-1]))
	}
	options := []string(nil)
	for i := 0; i < len(words); i++ {
		name := path.Base(words[i])
		if known := deadlines[name]; known != nil {
			options = known
			continue
		}
		if name == "timeout" { // coreutils and busybox: timeout [-s TERM] [-k 1] 5 program; what it runs ends with it
			for j := i + 1; j < len(words) && j <= i+5; j++ {
				if s, ok := deadline(words[j]); ok && !strings.HasPrefix(words[j-1], "-k") && words[j-1] != "-s" {
					seconds += s
					options, i = nil, j+1 // the program's own deadline lies within
					break
				}
			}
			continue
		}
		for _, o := range options {
			value, attached := strings.CutPrefix(words[i], o)
			if !attached {
				continue
			}
			if value == "" && i+1 < len(words) {
				value = words[i+1]
			}
			if s, ok := deadline(strings.TrimPrefix(value, "=")); ok {
				seconds += s
				break
			}
		}
	}
	return seconds
}

// deadline reads 5, 0.5, 5s, 500ms and 1m.
func deadline(s string) (seconds float64, ok bool) {
	unit := 1.0
	for _, u := range []struct {
		suffix string
		unit   float64
	}{{"ms", 0.001}, {"s", 1}, {"m", 60}} {
		if rest, has := strings.CutSuffix(s, u.suffix); has {
			s, unit = rest, u.unit
			break
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	return n * unit, err == nil && n > 0
}
