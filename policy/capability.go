package policy

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/edgewise-ai/edgewise/capability"
)

// Capability is the floor under every device: without a GPU interface, or with
// too little memory, it forbids the browser with
// insufficient_device_capabilities. What a single model needs is the business
// of the candidate choice, not of this policy.
type Capability struct {
	// AllowCPU accepts devices with neither WebGPU nor WebGL2, where models run
	// on WebAssembly alone. Defaults to false.
	AllowCPU bool `json:"allowCPU,omitempty"`

	// MinRAM is the memory under which a device is refused, in MiB (GB on the
	// wire). Defaults to 2 GB (book chapter 5.5.6, "hasMinimumCapabilities");
	// 0 means the default.
	MinRAM capability.Memory `json:"minRAMGB,omitzero"`
}

// DefaultMinRAM is the default of [Capability.MinRAM].
const DefaultMinRAM = 2 * capability.GB

// Name implements [Namer].
func (Capability) Name() string { return NameCapability }

// Validate reports an option out of range.
func (p Capability) Validate() error {
	return checkOptions(option{name: "MinRAM (in MiB)", value: int64(p.MinRAM), most: int64(capability.MaxMemory)})
}

func (p Capability) withDefaults() Capability {
	p.MinRAM = cmp.Or(p.MinRAM, DefaultMinRAM)
	return p
}

func (p Capability) settled() portable { return p.withDefaults() }

// decodeCapability refuses what decoding a [capability.Memory] would bound: right
// for a device's claim, but an option out of range is a mistake.
func decodeCapability(s Spec) (Policy, error) {
	p, err := decodeSpec[Capability](s)
	if err != nil || len(s.Options) == 0 {
		return p, err
	}
	var exact struct {
		MinRAM json.RawMessage `json:"minRAMGB"`
	}
	if err := json.Unmarshal(s.Options, &exact); err != nil || exact.MinRAM == nil {
		return p, err
	}
	if err := capability.CheckMemory(exact.MinRAM); err != nil {
		return nil, fmt.Errorf("policy %s: option minRAMGB %w", s.Name, err)
	}
	return p, nil
}

// Evaluate implements [Policy]. What the device did not say does not count
// against it.
func (p Capability) Evaluate(_ context.Context, in *Input) (Verdict, error) {
	d := in.Device
	noGPU := d.WebGPU == capability.No && d.WebGL2 == capability.No && !p.AllowCPU
	littleRAM := d.RAM() != 0 && d.RAM() < p.withDefaults().MinRAM
	if noGPU || littleRAM {
		return Verdict{Forbid: SetOf(Browser), Reason: InsufficientDevice}, nil
	}
	return Verdict{}, nil
}

// Explain implements [Explainer].
func (p Capability) Explain(in *Input) map[string]int64 {
	return map[string]int64{
		"webGPU":          presence(in.Device.WebGPU),
		"webGL2":          presence(in.Device.WebGL2),
		"availableRAMMiB": int64(in.Device.RAM()),
		"minRAMMiB":       int64(p.withDefaults().MinRAM),
	}
}

// presence is a [capability.Presence] as a number: -1 unknown, 0 no, 1 yes.
func presence(p capability.Presence) int64 { return int64(p) - 1 }
