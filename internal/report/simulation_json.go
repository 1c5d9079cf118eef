package report

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
)

// SimulationJSON writes the answers as docs/schema/probe-simulate-v1.json says. Times are seconds, shares are of 1.
func SimulationJSON(w io.Writer, all []*Simulation) error {
	out := jsonSimulations{SchemaVersion: 1, Simulations: []jsonSimulation{}}
	for _, s := range all {
		x := jsonSimulation{Title: s.Title, Seeds: s.Seeds, FirstSeed: s.First, Follows: texts(s.Follows), Unmodelled: texts(s.Unmodelled), Configurations: []jsonConfiguration{}}
		for i := range s.Columns {
			x.Configurations = append(x.Configurations, configurationJSON(s, &s.Columns[i]))
		}
		out.Simulations = append(out.Simulations, x)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

type jsonSimulations struct {
	SchemaVersion int              `json:"schemaVersion"`
	Simulations   []jsonSimulation `json:"simulations"`
}

type jsonSimulation struct {
	Title          string              `json:"title"`
	Seeds          int                 `json:"seeds"`
	FirstSeed      uint64              `json:"firstSeed"`
	Configurations []jsonConfiguration `json:"configurations"`
	Follows        []string            `json:"follows"`
	Unmodelled     []string            `json:"unmodelled"`
}

type jsonConfiguration struct {
	Name        string             `json:"name"`
	Kubernetes  string             `json:"kubernetes"`
	Replicas    int                `json:"replicas"`
	Utilization float64            `json:"utilization"`
	Endpoints   string             `json:"endpoints"`
	Startup     *jsonProbe         `json:"startup"`
	Readiness   *jsonProbe         `json:"readiness"`
	Liveness    *jsonProbe         `json:"liveness"`
	MaxLoad     map[string]float64 `json:"maxUtilization"`
	Faults      []jsonAnswer       `json:"faults"`
}

type jsonProbe struct {
	InitialDelay     float64 `json:"initialDelaySeconds"`
	Period           float64 `json:"periodSeconds"`
	Timeout          float64 `json:"timeoutSeconds"`
	SuccessThreshold int     `json:"successThreshold"`
	FailureThreshold int     `json:"failureThreshold"`
}

type jsonInterval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

type jsonShare struct {
	jsonInterval
	Count int `json:"count"`
	Of    int `json:"of"`
}

type jsonTimes struct {
	Count  int           `json:"count"`
	Never  int           `json:"never"`
	Median *jsonInterval `json:"median"`
	P99    *jsonInterval `json:"p99"`
	Most   *float64      `json:"most"`
}

type jsonAnswer struct {
	Fault         string       `json:"fault"`
	Text          string       `json:"text"`
	Pods          int          `json:"pods"`
	KilledBooting jsonShare    `json:"killedWhileBooting"`
	Closed        float64      `json:"killedWhileBootingByArithmetic"`
	Extra         jsonInterval `json:"extraRestarts"`
	ToReady       jsonTimes    `json:"timeToReady"`
	Zero          jsonInterval `json:"secondsWithoutEndpoint"`
	Killed        jsonTimes    `json:"deadlockToKill"`
	Out           jsonTimes    `json:"outOfEndpoints"`
	Settled       jsonTimes    `json:"allReadyAgain"`
	Rolled        jsonTimes    `json:"rollout"`
	Drained       jsonTimes    `json:"drain"`
	Goodput       jsonInterval `json:"goodput"`
	Last          jsonInterval `json:"goodputOfTheLast5Minutes"`
	Recovers      jsonShare    `json:"recovers"`
}

func configurationJSON(s *Simulation, c *SimulationColumn) jsonConfiguration {
	d := c.Scenario.WithFault(fleet.Fault{})
	x := jsonConfiguration{Name: Clean(c.Name), Kubernetes: d.Version.String(), Replicas: d.Replicas, Utilization: d.Load.Utilization, Endpoints: healthWords(c.Scenario.Health),
		Startup: probeJSON(d.Spec.Startup), Readiness: probeJSON(d.Spec.Readiness), Liveness: probeJSON(d.Spec.Liveness), MaxLoad: map[string]float64{}}
	for _, k := range []int{1, 3} {
		if k < d.Replicas {
			x.MaxLoad["without "+Count(k, "pod", "pods")], _ = d.MaxUtilization(k)
		}
	}
	for i, f := range s.Faults {
		a := &c.Answers[i]
		x.Faults = append(x.Faults, jsonAnswer{Fault: f.Kind.String(), Text: faultWords(f, c.Scenario), Pods: c.Scenario.WithFault(f).Fault.Pods,
			KilledBooting: shareJSON(a.KilledBooting), Closed: digits(a.Closed), Extra: intervalJSON(a.Extra),
			ToReady: timesJSON(a.ToReady, a.NeverReady), Zero: intervalJSON(a.Zero), Killed: timesJSON(a.Killed, a.NeverKilled), Out: timesJSON(a.Out, a.NeverOut),
			Settled: timesJSON(a.Settled, a.NeverSettled), Rolled: timesJSON(a.Rolled, a.NeverRolled), Drained: timesJSON(a.Drained, a.NeverDrained),
			Goodput: intervalJSON(a.Goodput), Last: intervalJSON(a.Last), Recovers: shareJSON(a.Recovers)})
	}
	return x
}

func probeJSON(p *probesim.Probe) *jsonProbe {
	if p == nil {
		return nil
	}
	x := p.WithDefaults()
	return &jsonProbe{x.InitialDelay.Seconds(), x.Period.Seconds(), x.Timeout.Seconds(), x.SuccessThreshold, x.FailureThreshold}
}

// digits keeps six significant digits, so that machines which differ in the last bit write the same.
func digits(x float64) float64 {
	if x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	scale := math.Pow(10, 6-math.Ceil(math.Log10(math.Abs(x))))
	return math.Round(x*scale) / scale
}

func intervalJSON(i fleet.Interval) jsonInterval {
	return jsonInterval{digits(i.Value), digits(i.Low), digits(i.High)}
}

func shareJSON(s fleet.Share) jsonShare { return jsonShare{intervalJSON(s.Interval), s.Count, s.Of} }

func timesJSON(t fleet.Times, never int) jsonTimes {
	x := jsonTimes{Count: len(t), Never: never}
	if len(t) == 0 {
		return x
	}
	median, slow, most := intervalJSON(t.Quantile(0.5)), intervalJSON(t.Quantile(0.99)), digits(time.Duration(t[len(t)-1]).Seconds())
	x.Median, x.P99, x.Most = &median, &slow, &most
	return x
}

func texts(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = Clean(s)
	}
	return out
}
