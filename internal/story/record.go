package story

import (
	"fmt"
	"time"
)

// SchemaVersion is raised when a field of Record changes its meaning.
const SchemaVersion = 1

// Record is what a play measured. Times are in seconds with one decimal.
type Record struct {
	SchemaVersion int     `json:"schemaVersion"`
	Kubernetes    string  `json:"kubernetes"` // version of the API server
	BootSeconds   float64 `json:"bootSeconds"`
	Replicas      int     `json:"replicas"`

	Copied  Rollout `json:"copied"`  // the copied manifests, watched for a while
	Lint    Lint    `json:"lint"`    // what fairway lint says of them
	Mended  Rollout `json:"mended"`  // after fairway lint --fix
	Outage  Outage  `json:"outage"`  // the store of sessions goes away, with one truth
	Adopted Rollout `json:"adopted"` // three truths, after fairway adopt
	Again   Outage  `json:"again"`   // the store goes away once more
	Memory  Carts   `json:"memory"`  // sessions in the memory of each pod
	Store   Carts   `json:"store"`   // sessions in the store, across the rollout to three truths
}

// Rollout is one kubectl apply and what came of it.
type Rollout struct {
	Seconds  float64  `json:"seconds"`  // until kubectl rollout status said that it is done, or for how long it was watched
	Complete bool     `json:"complete"` // whether it was done by then
	Ready    int      `json:"ready"`    // new pods that were ready then
	Restarts int      `json:"restarts"` // of the new pods' containers, as the API counts them
	Killed   int      `json:"killed"`   // events that say that a container of theirs failed its liveness probe and will be restarted
	Visitors Visitors `json:"visitors"` // meanwhile
}

// Outage is a time without the store.
type Outage struct {
	AwaySeconds float64  `json:"awaySeconds"` // how long the store was away
	Restarts    int      `json:"restarts"`    // until all pods were ready again
	Visitors    Visitors `json:"visitors"`    // until then
	LateSeconds float64  `json:"lateSeconds"` // the part of the silence after the store was back
}

// Visitors are requests that need no store.
type Visitors struct {
	Requests       int     `json:"requests"`
	Failed         int     `json:"failed"`         // refused, reset, no answer within two seconds, or a status other than 200
	SilenceSeconds float64 `json:"silenceSeconds"` // times longer than that in which nobody was answered, added up
	Long           int     `json:"long"`           // conversations of three seconds, beside the requests
	LongFailed     int     `json:"longFailed"`     // those that broke off, or had no answer two seconds late
}

// Lint is what fairway lint found.
type Lint struct {
	Must   int      `json:"must"`
	Should int      `json:"should"`
	Causes []string `json:"causes"` // the findings about probes, as RULE: message, in the order of the file
	Mended int      `json:"mended"` // findings that lint --fix took away
	Left   []string `json:"left"`   // those about probes that it left to people
	After  []string `json:"after"`  // those about probes after adopt
}

// Carts are one visitor's: how many items were put in, and how many there were in the end.
type Carts struct {
	Added int `json:"added"`
	Found int `json:"found"`
	Pods  int `json:"pods"` // that answered
}

// Faults says where a play did not go as the story goes, one sentence each; nil when it went as told.
func (r *Record) Faults() (faults []string) {
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	expect(!r.Copied.Complete && r.Copied.Ready == 0, "with the copied probes %d of %d pods became ready; none should", r.Copied.Ready, r.Replicas)
	expect(r.Copied.Restarts >= r.Replicas, "with the copied probes there were %d restarts; each of %d pods should be restarted", r.Copied.Restarts, r.Replicas)
	expect(r.Copied.Killed > 0, "no event says that liveness killed a container")
	expect(names(r.Lint.Causes, "probes-identical") && names(r.Lint.Causes, "probe-startup-missing"), "lint does not name the cause: %q", r.Lint.Causes)
	expect(r.Lint.Mended > 0 && !names(r.Lint.Left, "probe-startup-missing"), "lint --fix did not mend the startup probe: left are %q", r.Lint.Left)
	expect(names(r.Lint.Left, "probes-identical"), "lint --fix says that the probes are different now, which only the program can make them")
	expect(len(r.Lint.After) == 0, "after adopt lint still says of the probes: %q", r.Lint.After)
	for _, x := range []struct {
		name string
		Rollout
	}{{"mended", r.Mended}, {"adopted", r.Adopted}} {
		expect(x.Complete && x.Ready == r.Replicas, "%s: the rollout came to %d of %d ready pods", x.name, x.Ready, r.Replicas)
		expect(x.Restarts == 0 && x.Killed == 0, "%s: %d restarts, %d kills during the rollout; there should be none", x.name, x.Restarts, x.Killed)
	}
	expect(r.Outage.Restarts >= r.Replicas, "one truth: %d restarts while the store was away; each of %d pods should be restarted", r.Outage.Restarts, r.Replicas)
	expect(r.Outage.Visitors.SilenceSeconds > 5 && r.Outage.LateSeconds > 5, "one truth: silent for %.1f s, %.1f s of it with the store back; both should be long", r.Outage.Visitors.SilenceSeconds, r.Outage.LateSeconds)
	expect(r.Adopted.Visitors.Requests >= 500 && r.Adopted.Visitors.Failed == 0, "three truths: %d of %d requests failed during the rollout", r.Adopted.Visitors.Failed, r.Adopted.Visitors.Requests)
	expect(r.Adopted.Visitors.Long >= 10 && r.Adopted.Visitors.LongFailed == 0, "three truths: %d of %d long conversations broke off during the rollout", r.Adopted.Visitors.LongFailed, r.Adopted.Visitors.Long)
	expect(r.Again.Restarts == 0 && r.Again.Visitors.Requests >= 100 && r.Again.Visitors.Failed == 0 && r.Again.LateSeconds == 0,
		"three truths: %d restarts and %d of %d requests failed while the store was away", r.Again.Restarts, r.Again.Visitors.Failed, r.Again.Visitors.Requests)
	expect(r.Memory.Pods > 1 && r.Memory.Found < r.Memory.Added, "sessions in memory: %d of %d items found in %d pods; some should be lost", r.Memory.Found, r.Memory.Added, r.Memory.Pods)
	expect(r.Store.Pods > 1 && r.Store.Found == r.Store.Added, "sessions in the store: %d of %d items found", r.Store.Found, r.Store.Added)
	return faults
}

// tenths are the seconds of d, to a tenth.
func tenths(d time.Duration) float64 {
	return float64(d.Round(100*time.Millisecond)/(100*time.Millisecond)) / 10
}
