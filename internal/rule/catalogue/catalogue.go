// Package catalogue is the list of all rule families, the one place where a family is made known.
package catalogue

import (
	"slices"
	"sync"

	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/availability"
	"github.com/fairway-k8s/fairway/internal/rule/config"
	"github.com/fairway-k8s/fairway/internal/rule/images"
	"github.com/fairway-k8s/fairway/internal/rule/jobs"
	"github.com/fairway-k8s/fairway/internal/rule/lifecycle"
	"github.com/fairway-k8s/fairway/internal/rule/manifest"
	"github.com/fairway-k8s/fairway/internal/rule/network"
	"github.com/fairway-k8s/fairway/internal/rule/probes"
	"github.com/fairway-k8s/fairway/internal/rule/rbac"
	"github.com/fairway-k8s/fairway/internal/rule/resources"
	"github.com/fairway-k8s/fairway/internal/rule/security"
	"github.com/fairway-k8s/fairway/internal/rule/state"
	"github.com/fairway-k8s/fairway/internal/rule/workspace"
)

// New returns all rules. It panics when they contradict each other, which a test would have found.
var New = sync.OnceValue(func() *rule.Catalogue {
	c, err := rule.NewCatalogue(slices.Concat(
		availability.Rules(),
		config.Rules(),
		images.Rules(),
		jobs.Rules(),
		lifecycle.Rules(),
		manifest.Rules(),
		network.Rules(),
		probes.Rules(),
		rbac.Rules(),
		resources.Rules(),
		security.Rules(),
		state.Rules(),
		workspace.Rules(),
	)...)
	if err != nil {
		panic(err)
	}
	return c
})
