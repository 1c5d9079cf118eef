package cli

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// Values of flags and of scenario files have one form, read here.

// parseProbe reads a probe: FAILURESxPERIOD, and further fields after commas (30x10,timeout=3,delay=5,success=1,grace=10); "none" is no probe. Times are
// seconds, or have a unit.
func parseProbe(text string) (*probesim.Probe, error) {
	if text == "none" {
		return nil, nil
	}
	head, rest, more := strings.Cut(text, ",")
	f, p, ok := strings.Cut(head, "x")
	failures, err := strconv.Atoi(f)
	if !ok || err != nil || failures < 1 || failures > math.MaxInt32 {
		return nil, fmt.Errorf("%q is no probe: write failureThreshold x periodSeconds such as 30x10, or none", text)
	}
	x := probesim.Probe{FailureThreshold: failures, ByAddress: true}
	if x.Period, err = parseSeconds(p); err != nil || x.Period < time.Second {
		return nil, fmt.Errorf("%q is no probe: its period has to be whole seconds, at least one, as in 30x10", text)
	}
	if more {
		seen := map[string]bool{}
		for field := range strings.SplitSeq(rest, ",") {
			key, value, _ := strings.Cut(field, "=")
			var err error
			if seen[key] {
				return nil, fmt.Errorf("%q is no probe: it says %s twice", text, key)
			}
			seen[key] = true
			switch key {
			case "timeout":
				x.Timeout, err = parseSeconds(value)
			case "delay":
				x.InitialDelay, err = parseSeconds(value)
			case "grace":
				x.Grace, err = parseSeconds(value)
			case "success":
				x.SuccessThreshold, err = strconv.Atoi(value)
				if err != nil || x.SuccessThreshold < 1 {
					err = fmt.Errorf("%q is no successThreshold", value)
				}
			default:
				err = fmt.Errorf("there is no field %q: the fields are timeout, delay, grace and success", key)
			}
			if err != nil {
				return nil, fmt.Errorf("%q is no probe: %w", text, err)
			}
		}
	}
	x = x.WithDefaults()
	return &x, nil
}

// parseSeconds reads whole seconds: 10, 10s or 2m.
func parseSeconds(text string) (time.Duration, error) {
	d, err := parseTime(text)
	if err == nil && d%time.Second != 0 {
		err = fmt.Errorf("%q is not whole seconds", text)
	}
	return d, err
}

// parseTime reads a time of 0 to a day; a number without a unit is seconds.
func parseTime(text string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n <= 86400 {
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > 24*time.Hour {
		return 0, fmt.Errorf("%q is no time such as 10s or 2m", text)
	}
	return d, nil
}

// parseBoot reads a boot time: 45s, or 45s..60s, of which 5 % are shorter and 1 % longer.
func parseBoot(text string) (fleet.Boot, error) {
	from, to, isRange := strings.Cut(text, "..")
	low, err := parseTime(from)
	if err != nil {
		return nil, fmt.Errorf("%q is no boot time such as 45s or 45s..60s", text)
	}
	if !isRange {
		return fleet.Lognormal{Median: low}, nil
	}
	high, err := parseTime(to)
	switch {
	case err != nil, low == 0:
		return nil, fmt.Errorf("%q is no boot time such as 45s..60s", text)
	case high < low:
		return nil, fmt.Errorf("%q begins with its longer time", text)
	}
	return fleet.Between(low, high), nil
}

// bootWords says what a boot's text means.
func bootWords(text string) string {
	unit := func(text string) string {
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return text + "s"
		}
		return text
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		return "boot always " + unit(from)
	}
	return "boot " + unit(from) + " to " + unit(to) + " (5 % are shorter, 1 % longer, lognormal)"
}

// parseShare reads a share: 0.8 or 80%.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || math.IsNaN(v) || v < 0 || v > 1e4 {
		return 0, fmt.Errorf("%q is no share such as 0.8 or 80%%", text)
	}
	if percent {
		v /= 100
	}
	return v, nil
}

// parseFault reads a fault: KIND, or KIND:PODS, and further fields after commas (dependency-slow,for=5m,extra=2s; cpu-starved:3,share=0.05; crash:3,at=1m).
func parseFault(text string) (fleet.Fault, error) {
	head, rest, more := strings.Cut(text, ",")
	name, pods, counted := strings.Cut(head, ":")
	i := slices.Index(fleet.FaultNames, name)
	if i < 0 {
		near := spell.Nearest(name, fleet.FaultNames, 3)
		if near != "" {
			near = ", did you mean " + near + "?"
		}
		return fleet.Fault{}, fmt.Errorf("there is no fault %q%s: the faults are %s", name, near, strings.Join(fleet.FaultNames, ", "))
	}
	x := fleet.Fault{Kind: fleet.FaultKind(i)}
	if counted {
		n, err := strconv.Atoi(pods)
		if err != nil || n < 1 {
			return x, fmt.Errorf("%q is no number of pods, as in crash:3", pods)
		}
		switch x.Kind {
		case fleet.Crash, fleet.Deadlock, fleet.Starved:
		default:
			return x, fmt.Errorf("%s does not strike single pods, so it takes no number", name)
		}
		x.Pods = n
	}
	if more {
		for field := range strings.SplitSeq(rest, ",") {
			key, value, _ := strings.Cut(field, "=")
			var err error
			switch key {
			case "at":
				x.At, err = parseTime(value)
			case "for":
				x.For, err = parseTime(value)
			case "extra":
				x.Extra, err = parseTime(value)
			case "share":
				x.Share, err = parseShare(value)
			default:
				err = fmt.Errorf("there is no field %q: the fields are at, for, extra and share", key)
			}
			if err != nil {
				return x, fmt.Errorf("%q: %w", text, err)
			}
		}
	}
	return x, nil
}

// healths are the ways in which endpoints answer, by name.
var healths = map[string]fleet.Health{"one": fleet.OneHealth(false), "one-deep": fleet.OneHealth(true), "three": fleet.ThreeTruths()}

func parseHealth(text string) (fleet.Health, error) {
	h, ok := healths[text]
	if !ok {
		return h, fmt.Errorf("%q is no kind of endpoints: the kinds are %s", text, strings.Join(slices.Sorted(maps.Keys(healths)), ", "))
	}
	return h, nil
}

// configuration is one column of the answer: probes, and how the endpoints behind them answer.
type configuration struct {
	name   string
	spec   probesim.Spec
	health fleet.Health
}

// simulation is a question: configurations, and what they have in common.
type simulation struct {
	boot    string         // in words
	common  fleet.Scenario // Spec, Health and Fault are those of configurations and faults
	faults  []fleet.Fault
	configs []configuration
	seeds   int
	seed    uint64
}

// scenarioFault is something wrong in a scenario file.
type scenarioFault struct {
	line, column int
	text         string
}

// What a simulation is made of at the most: runs of each scenario, and columns and rows of the answer, which somebody has to read.
const (
	maxSeeds          = 100_000
	maxConfigurations = 100
	maxFaults         = 100
)

// maxTold is how many faults of a file are told, so that the first can be read.
const maxTold = 20

// whole is a reader of a whole number.
func whole(to *int, least, most int) func(source.Node) error {
	return func(n source.Node) (err error) {
		if *to, err = strconv.Atoi(n.Text()); err == nil && (*to < least || *to > most) {
			err = fmt.Errorf("%d is not between %d and %d", *to, least, most)
		}
		return err
	}
}

// readScenario reads a scenario file over what the flags say by default. Every fault of the file is named, with its line.
func readScenario(name string, s *simulation) error {
	data, err := load.ReadFile(name)
	if err != nil {
		return &problem.Problem{What: "cannot read the scenario", Where: name, Why: problem.Plain(err), Next: "name an existing file", Err: err}
	}
	file := source.Parse(name, data)
	for _, d := range file.Docs {
		if d.Err != nil {
			return &problem.Problem{What: "the scenario is no YAML", Where: name, Why: d.Err.Error(), Next: "correct it; docs/schema/probe-scenario-v1.json is its schema"}
		}
	}
	var faults []scenarioFault
	wrong := func(n source.Node, format string, args ...any) {
		p := n.Position()
		faults = append(faults, scenarioFault{p.Line, p.Column, fmt.Sprintf(format, args...)})
	}
	if len(file.Docs) != 1 || file.Docs[0].Root.Kind() != source.Mapping {
		return &problem.Problem{What: "the scenario is not one mapping", Where: name, Next: "write one document such as {boot: 45s..60s, replicas: 10}"}
	}
	fields(file.Docs[0].Root, wrong, map[string]func(source.Node) error{
		"boot": func(n source.Node) (err error) {
			s.boot = bootWords(n.Text())
			s.common.Boot, err = parseBoot(n.Text())
			return err
		},
		"replicas":    whole(&s.common.Replicas, 1, fleet.MaxPods),
		"nodes":       whole(&s.common.Nodes, 1, fleet.MaxPods),
		"load":        func(n source.Node) (err error) { s.common.Load.Utilization, err = parseShare(n.Text()); return err },
		"service":     func(n source.Node) (err error) { s.common.Load.Service, err = parseTime(n.Text()); return err },
		"timeout":     func(n source.Node) (err error) { s.common.Load.Timeout, err = parseTime(n.Text()); return err },
		"retries":     whole(&s.common.Load.Retries, 0, fleet.MaxRetries),
		"retryBudget": func(n source.Node) (err error) { s.common.Load.RetryBudget, err = parseShare(n.Text()); return err },
		"admission":   func(n source.Node) (err error) { s.common.Load.Admission, err = parseTime(n.Text()); return err },
		"for":         func(n source.Node) (err error) { s.common.For, err = parseTime(n.Text()); return err },
		"kubernetes":  func(n source.Node) (err error) { s.common.Version, err = parseKubernetes(n.Text()); return err },
		"seeds":       whole(&s.seeds, 1, maxSeeds),
		"seed":        func(n source.Node) (err error) { s.seed, err = strconv.ParseUint(n.Text(), 10, 64); return err },
		"faults": func(n source.Node) error {
			if n.Kind() != source.Sequence {
				return errors.New("here a list belongs, such as [crash:3, deadlock]")
			}
			if k := n.Len(); k > maxFaults {
				return fmt.Errorf("%d faults are more than %d", k, maxFaults)
			}
			for _, item := range n.Items() {
				x, err := parseFault(item.Resolve().Text())
				if err != nil {
					wrong(item, "%v", err)
				}
				s.faults = append(s.faults, x)
			}
			return nil
		},
		"configurations": func(n source.Node) error {
			if n.Kind() != source.Mapping {
				return errors.New("here a mapping belongs, of names and their probes, such as {today: {liveness: 3x10}}")
			}
			if k := n.Len(); k > maxConfigurations {
				return fmt.Errorf("%d configurations are more than %d", k, maxConfigurations)
			}
			for e := range n.Entries() {
				c := configuration{name: e.Key.Text(), health: fleet.OneHealth(false)}
				if e.Key.IsDuplicate() {
					wrong(e.Key, "the configuration %s is there twice", e.Key.Text())
				}
				probe := func(to **probesim.Probe) func(source.Node) error {
					return func(n source.Node) (err error) { *to, err = parseProbe(n.Text()); return err }
				}
				fields(e.Value.Resolve(), wrong, map[string]func(source.Node) error{
					"startup": probe(&c.spec.Startup), "readiness": probe(&c.spec.Readiness), "liveness": probe(&c.spec.Liveness),
					"health":  func(n source.Node) (err error) { c.health, err = parseHealth(n.Text()); return err },
					"grace":   func(n source.Node) (err error) { c.spec.Grace, err = parseSeconds(n.Text()); return err },
					"preStop": func(n source.Node) (err error) { c.spec.PreStop, err = parseSeconds(n.Text()); return err },
				})
				s.configs = append(s.configs, c)
			}
			return nil
		},
	})
	if len(faults) == 0 {
		return nil
	}
	slices.SortStableFunc(faults, func(a, b scenarioFault) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	var why []string
	for i, x := range faults {
		if i == maxTold {
			why = append(why, fmt.Sprintf("and %d more", len(faults)-i))
			break
		}
		why = append(why, fmt.Sprintf("%s:%d:%d: %s", name, x.line, x.column, finding.Brief(x.text)))
	}
	return &problem.Problem{What: "the scenario is not valid", Why: strings.Join(why, "\n"), Next: "correct the lines named; docs/schema/probe-scenario-v1.json is the schema"}
}

// fields gives the values of a mapping to their readers, and says which fields there are when one is none of them.
func fields(n source.Node, wrong func(source.Node, string, ...any), known map[string]func(source.Node) error) {
	if n.Kind() != source.Mapping {
		wrong(n, "here a mapping belongs, with the fields %s", strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		return
	}
	for e := range n.Entries() {
		read := known[e.Key.Text()]
		switch {
		case read == nil:
			near := spell.Nearest(e.Key.Text(), slices.Sorted(maps.Keys(known)), 2)
			if near != "" {
				near = ", did you mean " + near + "?"
			}
			wrong(e.Key, "there is no field %q%s", e.Key.Text(), near)
		case e.Key.IsDuplicate():
			wrong(e.Key, "the field %s is there twice", e.Key.Text())
		default:
			if err := read(e.Value.Resolve()); err != nil {
				if numeric, ok := err.(*strconv.NumError); ok {
					err = fmt.Errorf("%q is no whole number", numeric.Num)
				}
				wrong(e.Value, "%v", err)
			}
		}
	}
}

// parseKubernetes reads a version such as 1.36.
func parseKubernetes(text string) (probesim.Version, error) {
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	if len(parts) >= 2 && parts[0] == "1" {
		if n, err := strconv.Atoi(parts[1]); err == nil && probesim.Version(n) >= probesim.Oldest && probesim.Version(n) <= probesim.Newest {
			return probesim.Version(n), nil
		}
	}
	return 0, fmt.Errorf("%q is no version that is modelled: %v to %v are", text, probesim.Oldest, probesim.Newest)
}
