// Code generated from the OpenAPI document of Kubernetes v1.36.3; DO NOT EDIT.

package merge

// mergeKeys are the fields that tell the items of a list apart, by the field that holds the list. Where types differ in it, what most of them
// have comes first.
var mergeKeys = map[string][][]string{
	"addresses":                 {{"type"}},
	"allocatedResourcesStatus":  {{"name"}},
	"claims":                    {{"name"}},
	"conditions":                {{"type"}},
	"containers":                {{"name"}},
	"devices":                   {{"driver", "device", "pool", "shareID"}},
	"drivers":                   {{"name"}},
	"env":                       {{"name"}},
	"ephemeralContainers":       {{"name"}},
	"hostAliases":               {{"ip"}},
	"hostIPs":                   {{"ip"}},
	"imagePullSecrets":          {{"name"}},
	"initContainers":            {{"name"}},
	"matchConditions":           {{"name"}},
	"ownerReferences":           {{"uid"}},
	"podGroupTemplates":         {{"name"}},
	"podIPs":                    {{"ip"}},
	"ports":                     {{"containerPort", "protocol"}, {"port", "protocol"}},
	"reservedFor":               {{"uid"}},
	"resourceClaimStatuses":     {{"name"}},
	"resourceClaims":            {{"name"}},
	"resources":                 {{"resourceID"}},
	"schedulingGates":           {{"name"}},
	"secrets":                   {{"name"}},
	"storageVersions":           {{"apiServerID"}},
	"topologySpreadConstraints": {{"topologyKey", "whenUnsatisfiable"}},
	"variables":                 {{"name"}},
	"volumeDevices":             {{"devicePath"}},
	"volumeMounts":              {{"mountPath"}},
	"volumes":                   {{"name"}},
	"webhooks":                  {{"name"}},
	"x-kubernetes-validations":  {{"rule"}},
}
