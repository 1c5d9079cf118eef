package lint

import (
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// mutator returns a MutatingWebhookConfiguration of the input that may change a custom resource before its schema is looked at, nil when
// there is none. One without rules has them written by its controller, as Knative's and Tekton's have; it counts where the definition of
// the kind is in the input too, as in the operator's own repository.
func mutator(s *cluster.Snapshot, o *cluster.Object) *cluster.Object {
	if o.Typed != nil {
		return nil
	}
	defined := slices.ContainsFunc(s.Of("apiextensions.k8s.io", "CustomResourceDefinition"), func(d *cluster.Object) bool {
		return d.Root.Get("spec").Resolve().Get("group").Text() == o.Group()
	})
	for _, x := range s.Of("admissionregistration.k8s.io", "MutatingWebhookConfiguration") {
		c := cluster.As[*admissionregistrationv1.MutatingWebhookConfiguration](x)
		if c == nil {
			continue
		}
		for i := range c.Webhooks {
			rules := c.Webhooks[i].Rules
			if len(rules) == 0 && defined || slices.ContainsFunc(rules, func(r admissionregistrationv1.RuleWithOperations) bool {
				return slices.Contains(r.APIGroups, o.Group()) || slices.Contains(r.APIGroups, "*")
			}) {
				return x
			}
		}
	}
	return nil
}
