package gate

import (
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	networkTitle = "a workload in a namespace without a default-deny NetworkPolicy"
	networkWhy   = "Without a policy that denies the rest, every pod of the cluster may call the workload and it may call everything. Added later, the " +
		"policy breaks calls that nobody knew of."
	networkHow = "Create a NetworkPolicy with podSelector: {}, policyTypes: [Ingress, Egress] and the label " + DefaultDenyLabel + ": \"true\", and one policy for " +
		"what each workload needs."
)

// networkBinding is the name of the binding. An API server that finds no such NetworkPolicy says nothing but the names of policy and
// binding, so the name says what to do.
const networkBinding = "namespace-needs-a-default-deny-networkpolicy-labelled-gate.fairway-k8s.io-default-deny-true"

// networkKinds are the kinds that the NetworkPolicy gate is asked about: those that people make. The API server looks for a policy's parameters
// before it looks at its match conditions, so that pods, ReplicaSets and Jobs which a controller makes could not be told apart, and a namespace
// that loses its NetworkPolicy would lose its pods at the next drain.
var networkKinds = []string{"CronJob", "DaemonSet", "Deployment", "StatefulSet"}

// network is the policy whose parameters are the default-deny policies of the request's namespace, denied when there are none.
func (p *Plan) network() Installed {
	name := "fairway-" + NetworkPolicyID
	message := NetworkPolicyID + ": a NetworkPolicy carries the label " + DefaultDenyLabel + " but does not deny everything in both directions. Fix: " + networkHow
	v := &admission.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admission.ValidatingAdmissionPolicySpec{
			ParamKind:        &admission.ParamKind{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
			FailurePolicy:    ptr(admission.Fail),
			MatchConstraints: p.matching(networkKinds),
			Validations: []admission.Validation{{
				Expression: "!has(params.spec.podSelector.matchLabels) && !has(params.spec.podSelector.matchExpressions) &&\n" +
					"size(params.spec.?ingress.orValue([])) == 0 && size(params.spec.?egress.orValue([])) == 0 &&\n" +
					"['Ingress', 'Egress'].all(t, t in params.spec.?policyTypes.orValue([]))",
				Message: message,
				MessageExpression: quote(NetworkPolicyID+": NetworkPolicy ") + " + params.metadata.name +\n" +
					quote(strings.TrimPrefix(message, NetworkPolicyID+": a NetworkPolicy")),
				Reason: ptr(metav1.StatusReasonForbidden),
			}},
		},
	}
	for i := range v.Spec.MatchConstraints.ResourceRules { // what is there already can be changed, wherever it is
		v.Spec.MatchConstraints.ResourceRules[i].Operations = []admission.OperationType{admission.Create}
	}
	b := binding(name, p.NetworkPolicy)
	b.Name = networkBinding
	b.Spec.ParamRef = &admission.ParamRef{
		Selector:                &metav1.LabelSelector{MatchLabels: map[string]string{DefaultDenyLabel: "true"}},
		ParameterNotFoundAction: ptr(admission.DenyAction),
	}
	return Installed{nil, v, b}
}
