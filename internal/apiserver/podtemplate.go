package apiserver

import (
	"reflect"
	"sync"
	"unsafe"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/source"
)

var podTemplatePlan = sync.OnceValue(func() *plan { return planOf(reflect.TypeFor[corev1.PodTemplateSpec]()) })

// PodTemplate reads a pod template that a custom resource carries, with the defaults that its pods will have. Fields that cannot be
// read are zero; saying so is the part of the resource's own schema.
func PodTemplate(n source.Node) *corev1.PodTemplateSpec {
	var holder corev1.PodTemplate
	var d decoder
	d.decode(n.Resolve(), podTemplatePlan(), unsafe.Pointer(&holder.Template))
	scheme().Default(&holder)
	return &holder.Template
}
