package cluster

import corev1 "k8s.io/api/core/v1"

// expectedBy is how many workloads make a name a convention.
const expectedBy = 3

// Expected reports whether at least three workloads of o's scope name a ConfigMap, Secret or ServiceAccount that way. Such a name is no
// slip: they all count on an object that somebody else makes, as a guide or a script says.
func (s *Snapshot) Expected(o *Object, kind, name string) bool {
	s.countUsers.Do(func() {
		s.users = map[userKey]int{}
		for _, w := range s.Workloads {
			named := map[userKey]bool{}
			namesOf(&w.Template.Spec, func(kind, name string) { named[userKey{w.Scope, kind, name}] = true })
			for k := range named {
				s.users[k]++
			}
		}
	})
	return s.users[userKey{o.Scope, kind, name}] >= expectedBy
}

type userKey struct{ scope, kind, name string }

func namesOf(pod *corev1.PodSpec, name func(kind, name string)) {
	name("ServiceAccount", pod.ServiceAccountName)
	for i := range pod.Volumes {
		v := &pod.Volumes[i]
		switch {
		case v.ConfigMap != nil:
			name("ConfigMap", v.ConfigMap.Name)
		case v.Secret != nil:
			name("Secret", v.Secret.SecretName)
		case v.Projected != nil:
			for k := range v.Projected.Sources {
				switch s := &v.Projected.Sources[k]; {
				case s.ConfigMap != nil:
					name("ConfigMap", s.ConfigMap.Name)
				case s.Secret != nil:
					name("Secret", s.Secret.Name)
				}
			}
		}
	}
	for _, list := range [...][]corev1.Container{pod.InitContainers, pod.Containers} {
		for i := range list {
			for k := range list[i].EnvFrom {
				switch f := &list[i].EnvFrom[k]; {
				case f.ConfigMapRef != nil:
					name("ConfigMap", f.ConfigMapRef.Name)
				case f.SecretRef != nil:
					name("Secret", f.SecretRef.Name)
				}
			}
			for k := range list[i].Env {
				switch f := list[i].Env[k].ValueFrom; {
				case f == nil:
				case f.ConfigMapKeyRef != nil:
					name("ConfigMap", f.ConfigMapKeyRef.Name)
				case f.SecretKeyRef != nil:
					name("Secret", f.SecretKeyRef.Name)
				}
			}
		}
	}
}
