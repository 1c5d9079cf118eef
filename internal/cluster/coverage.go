package cluster

import (
	"cmp"
	"slices"
)

// State says how far the objects of one kind are known.
type State string

// States of a kind.
const (
	Listed    State = "listed"     // all of them are there: absence is a fact
	NotServed State = "not-served" // the API server knows no such kind: there are none
	Forbidden State = "forbidden"  // whoever asked may not see them
	Failed    State = "failed"     // the list broke off: those that were read are there
	NotAsked  State = "not-asked"  // nobody asked for them
)

// Known reports whether absence is a fact.
func (s State) Known() bool { return s == Listed || s == NotServed }

// Covered is one row of a Coverage.
type Covered struct {
	Group   string `json:"group"`             // "" for the core group
	Version string `json:"version,omitempty"` // in which it was asked for
	// Kind is "*" where not even the kinds of a group could be asked for.
	Kind string `json:"kind"`
	// Namespace is "" for all namespaces, and for kinds that have none.
	Namespace string `json:"namespace"`
	State     State  `json:"state"`
	Detail    string `json:"detail,omitempty"` // what the API server said; "" when there is nothing to say
	Objects   int    `json:"objects"`          // how many were read
}

// Compare orders rows by group, kind and namespace.
func (c Covered) Compare(o Covered) int {
	return cmp.Or(cmp.Compare(c.Group, o.Group), cmp.Compare(c.Kind, o.Kind), cmp.Compare(c.Namespace, o.Namespace))
}

// Coverage says of a live cluster, or of a dump of one, what was listed there: per kind, for all namespaces or for each one that was
// asked for. It is immutable.
type Coverage struct {
	rows  []Covered
	index map[groupKind][]Covered
	// partly is true when kinds without a row may exist all the same.
	partly bool
}

// NewCoverage makes a coverage of rows, in any order. A kind without a row is one that the API server does not serve, unless partly says
// that the rows are not all there is to say.
func NewCoverage(rows []Covered, partly bool) *Coverage {
	c := &Coverage{rows: slices.Clone(rows), index: map[groupKind][]Covered{}, partly: partly}
	slices.SortStableFunc(c.rows, Covered.Compare)
	for _, r := range c.rows {
		k := groupKind{r.Group, r.Kind}
		c.index[k] = append(c.index[k], r)
	}
	return c
}

// Rows returns all rows in order. The caller must not change them.
func (c *Coverage) Rows() []Covered { return c.rows }

// Partly reports whether kinds without a row may exist.
func (c *Coverage) Partly() bool { return c.partly }

// Of returns what is known of a kind in a namespace; "" asks for all namespaces, or for a kind without.
func (c *Coverage) Of(group, kind, namespace string) State {
	rows, ok := c.index[groupKind{group, kind}]
	if !ok {
		switch {
		case len(c.index[groupKind{group, "*"}]) > 0:
			return c.index[groupKind{group, "*"}][0].State
		case c.partly:
			return NotAsked
		}
		return NotServed
	}
	whole := NotAsked
	for _, r := range rows {
		switch r.Namespace {
		case "":
			if whole = r.State; whole.Known() {
				return whole
			}
		case namespace:
			return r.State
		}
	}
	return whole
}
