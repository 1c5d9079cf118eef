package cli

import (
	"math"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probeplan"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

// The JSON form of a recommendation, docs/schema/probe-recommend-v1.json. What is not known is null.
type (
	recommendJSON struct {
		SchemaVersion int                `json:"schemaVersion"`
		Workload      objectJSON         `json:"workload"`
		Container     string             `json:"container"`
		Boots         int                `json:"boots"`
		Killed        int                `json:"killed"`
		Sources       []bootSourceJSON   `json:"sources"`
		Strata        []stratumJSON      `json:"strata"`
		Curve         []curveStepJSON    `json:"curve"`
		Quantiles     []quantileJSON     `json:"quantiles"`
		Tails         []tailJSON         `json:"tails"`
		Today         *overJSON          `json:"today"`
		Plan          *recommendPlanJSON `json:"plan"`
		Impossible    string             `json:"impossible"`
	}
	objectJSON struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Namespace  string `json:"namespace"`
		Name       string `json:"name"`
	}
	bootSourceJSON struct {
		Name    string         `json:"name"`
		Boots   int            `json:"boots"`
		Killed  int            `json:"killed"`
		LeftOut map[string]int `json:"leftOut"`
		Note    string         `json:"note"`
	}
	stratumJSON struct {
		Name   string   `json:"name"`
		Boots  int      `json:"boots"`
		Median *float64 `json:"medianSeconds"`
	}
	curveStepJSON struct {
		Seconds    float64 `json:"seconds"`
		AtRisk     int     `json:"atRisk"`
		Ended      int     `json:"ended"`
		Unfinished float64 `json:"unfinished"`
		From       float64 `json:"from"`
		To         float64 `json:"to"`
	}
	quantileJSON struct {
		Quantile float64  `json:"quantile"`
		Seconds  *float64 `json:"seconds"`
		From     *float64 `json:"from"`
		To       *float64 `json:"to"`
		Tail     string   `json:"tail"`
	}
	tailJSON struct {
		Family   string  `json:"family"`
		Location float64 `json:"location"`
		Scale    float64 `json:"scale"`
		Above    float64 `json:"aboveSeconds"`
		Boots    int     `json:"boots"`
	}
	intervalJSON struct {
		Estimate *float64 `json:"estimate"`
		From     *float64 `json:"from"`
		To       *float64 `json:"to"`
	}
	overJSON struct {
		Earliest float64       `json:"earliestSeconds"`
		Latest   *float64      `json:"latestSeconds"`
		Sure     intervalJSON  `json:"sure"`
		Tail     *intervalJSON `json:"tail"`
	}
	probeJSON struct {
		PeriodSeconds    int `json:"periodSeconds"`
		TimeoutSeconds   int `json:"timeoutSeconds"`
		FailureThreshold int `json:"failureThreshold"`
	}
	recommendPlanJSON struct {
		Startup     *probeJSON  `json:"startupProbe"`
		Readiness   *probeJSON  `json:"readinessProbe"`
		Liveness    *probeJSON  `json:"livenessProbe"`
		ServiceFile string      `json:"serviceFile"`
		Boot        string      `json:"boot"`
		Budget      float64     `json:"budgetSeconds"`
		Needed      float64     `json:"neededSeconds"`
		Reason      string      `json:"reason"`
		Killed      killedJSON  `json:"killed"`
		Cascade     cascadeJSON `json:"cascade"`
		YAML        string      `json:"yaml"`
	}
	killedJSON struct {
		Limit   float64       `json:"limit"`
		Verdict string        `json:"verdict"`
		Sure    intervalJSON  `json:"sure"`
		Tail    *intervalJSON `json:"tail"`
	}
	cascadeJSON struct {
		Limit       float64  `json:"limit"`
		Verdict     string   `json:"verdict"`
		Probability *float64 `json:"probability"`
		Utilisation *float64 `json:"utilisation"`
		Why         string   `json:"why"`
		// PlayedAt is the utilisation at which Played was played.
		Played   []playedJSON `json:"played"`
		PlayedAt *float64     `json:"playedAtUtilisation"`
	}
	playedJSON struct {
		Fault    string  `json:"fault"`
		Runs     int     `json:"runs"`
		Cascades int     `json:"cascades"`
		To       float64 `json:"to"`
	}
)

// known is a number, nil for one that is not known.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func intervalOf(i boottime.Interval) intervalJSON {
	return intervalJSON{known(i.Estimate), known(i.From), known(i.To)}
}

func tailOf(i boottime.Interval) *intervalJSON {
	if math.IsNaN(i.To) {
		return nil
	}
	x := intervalOf(i)
	return &x
}

func (r *recommendation) json() recommendJSON {
	s := r.sample
	out := recommendJSON{SchemaVersion: 1, Container: r.Container.Name, Boots: len(s.Boots), Killed: s.Killed,
		Workload: objectJSON{r.Workload.APIVersion, r.Workload.Kind, r.Workload.Namespace, r.Workload.Name},
		Sources:  []bootSourceJSON{}, Strata: []stratumJSON{}, Curve: []curveStepJSON{}, Quantiles: []quantileJSON{}, Tails: []tailJSON{}}
	for _, x := range r.observed.sources {
		left := map[string]int(x.Left)
		if left == nil {
			left = map[string]int{}
		}
		out.Sources = append(out.Sources, bootSourceJSON{x.Name, x.Boots, x.Killed, left, x.Note})
	}
	for _, g := range boottime.Strata(s.Boots) {
		out.Strata = append(out.Strata, stratumJSON{g[0].Stratum, len(g), known(boottime.NewSample(g).Quantile(0.5).Estimate)})
	}
	for _, x := range s.Curve.Steps {
		out.Curve = append(out.Curve, curveStepJSON{x.Seconds, x.AtRisk, x.Boots, x.Unfinished.Estimate, x.Unfinished.From, x.Unfinished.To})
	}
	for _, q := range [...]float64{0.5, 0.9, 0.99, 0.999} {
		v := s.Quantile(q)
		x := quantileJSON{Quantile: q, Seconds: known(v.Estimate), From: known(v.From), To: known(v.To)}
		if v.Fitted != nil {
			x.Tail = v.Fitted.Family.String()
		}
		out.Quantiles = append(out.Quantiles, x)
	}
	for _, t := range s.Tails {
		out.Tails = append(out.Tails, tailJSON{t.Family.String(), t.Location(), t.Scale(), t.Above, t.Boots})
	}
	if r.today.killer != "" {
		k := r.today.killed
		out.Today = &overJSON{r.today.budget[0].Seconds(), known(r.today.budget[1].Seconds()), intervalOf(k.Sure), tailOf(k.Tail)}
	}
	if r.plan == nil {
		out.Impossible = r.why.Error()
		return out
	}
	p := r.plan
	j := &recommendPlanJSON{Startup: numbersOf(p.Startup), Readiness: numbersOf(p.Readiness), Liveness: numbersOf(p.Liveness), Budget: p.Budget, Needed: p.Needed, Reason: p.Reason,
		Killed:  killedJSON{probeplan.MaxKilled, string(p.KilledVerdict), intervalOf(p.Killed.Sure), tailOf(p.Killed.Tail)},
		Cascade: cascadeJSON{probeplan.MaxCascade, string(p.Cascade.Verdict), known(p.Cascade.Probability), known(p.Cascade.Utilisation), p.Cascade.Why, []playedJSON{}, nil}}
	for _, x := range r.played {
		j.Cascade.Played = append(j.Cascade.Played, playedJSON{x.Fault, x.Cascades.Of, x.Cascades.Count, x.Cascades.High})
		j.Cascade.PlayedAt = &r.playedAt
	}
	if r.boot > 0 {
		j.ServiceFile, j.Boot, j.YAML = r.declared.File, r.boot.String(), r.bootLine()+"\n"
		j.Startup, j.Readiness, j.Liveness = nil, nil, nil // the path makes them
	} else {
		j.YAML = r.yaml()
	}
	out.Plan = j
	return out
}

func numbersOf(p *probesim.Probe) *probeJSON {
	if p == nil {
		return nil
	}
	return &probeJSON{secs(p.Period), secs(p.Timeout), p.FailureThreshold}
}
