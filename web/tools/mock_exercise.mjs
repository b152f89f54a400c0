// An invented exercise for the mock server: a building searched floor by floor while sources disagree.
const minutes = (n) => new Date(Date.now() - n * 60_000).toISOString()

/** Commands as [kind, fields], in order. */
export function exercise() {
  const agencies = [['police', 'police'], ['rangers', 'paramilitary'], ['ems', 'ems'], ['bds', 'eod']]
  const units = [['EX-RRF-1', 'police', 'tactical', 8], ['EX-SPU-2', 'police', 'tactical', 6], ['EX-RGR-3', 'rangers', 'tactical', 6], ['EX-BDS-1', 'bds', 'eod', 4], ['EX-AMB-4', 'ems', 'ems', 3]]
  const sources = [['EX-Police control', 'commander'], ['EX-Rangers HQ', 'commander'], ['EX-Hospital A', 'hospital'], ['EX-TV channel', 'media']]
  const claim = (n, counter, lo, hi, source, grade, as_of, more = {}) => ['count.claimed', {
    report: `R-${n}`, counter, lo, ...(hi === null ? { hi_open: true } : { hi }), source, grade, as_of: minutes(as_of), reported_at: minutes(as_of - 1), ...more,
  }]
  const search = (zone, kind, unit, extent, more = {}) => [
    ['zone.search_started', { zone, kind, unit }], ...(extent === null ? [] : [['zone.search_ended', { zone, kind, unit, extent, ...more }]]),
  ]
  const cells = ['A', 'B', 'C', 'D', 'core', 'stairs', 'lift']
  return [
    ['incident.opened', { incident: 'INC-EX-1', name: 'Exercise Harbour House', type: 'complex-attack', place: 'Harbour Road', start_at: minutes(162), exercise: true }],
    ...agencies.map(([agency, agency_kind]) => ['agency.joined', { agency, name: agency, agency_kind }]),
    ...units.map(([unit, agency, unit_category, strength]) => ['unit.checked_in', { unit, agency, unit_category, strength, place: 'Gate 2' }]),
    ['command.assumed', { scope: 'incident', commanders: ['Duty officer'], place: 'ICP Gate 2' }],
    ['structure.defined', { structure: 'B1', name: 'Main block', storeys: 5, roof: true, inside_inner_cordon: true }],
    ['structure.defined', { structure: 'B2', name: 'Place of worship', storeys: 1, inside_inner_cordon: true }],
    ['incident.posture_set', { incident: 'INC-EX-1', posture: 'search', reason: 'No shots for 20 minutes', role: 'commander' }],
    ...sources.map(([source, source_kind]) => ['source.registered', { source, source_kind, name: source }]),
    claim(1, 'killed', 2, 2, 'EX-Police control', 'C3', 70),
    claim(2, 'killed', 4, 4, 'EX-Rangers HQ', 'B3', 45),
    claim(3, 'killed', 3, 3, 'EX-Police control', 'B2', 31, { categories: { police: 2, public: 1 } }),
    claim(4, 'injured', 11, 11, 'EX-Hospital A', 'A2', 26), claim(5, 'injured', 19, 19, 'EX-Rangers HQ', 'B3', 40), claim(6, 'injured', 30, null, 'EX-TV channel', 'E5', 20),
    claim(7, 'attackers', 3, null, 'EX-Police control', 'C3', 80),
    ...cells.flatMap((cell) => search(`B1/0/${cell}`, 'threat', 'EX-RRF-1', 100)), ['zone.confirmed', { zone: 'B1/0/A', kind: 'threat', unit: 'EX-SPU-2' }],
    ['zone.held', { zone: 'B1/0/stairs', kind: 'threat', holder: 'EX-RRF-1' }],
    ...cells.slice(0, 5).flatMap((cell) => search(`B1/1/${cell}`, 'threat', 'EX-SPU-2', 100)), ...search('B1/1/lift', 'threat', 'EX-SPU-2', 60, { excluded: ['lift shaft'] }),
    ...search('B1/0/A', 'eod', 'EX-BDS-1', 100), ...search('B1/2/A', 'threat', 'EX-SPU-2', null), ...search('B1/2/core', 'threat', 'EX-RGR-3', null),
    ['unit.entered_zone', { unit: 'EX-SPU-2', zone: 'B1/2/A', count: 6, at: minutes(12) }], ['unit.entered_zone', { unit: 'EX-RGR-3', zone: 'B1/2/core', count: 6, at: minutes(9) }],
    ['unit.entered_zone', { unit: 'EX-RRF-1', zone: 'B1/0/core', count: 8, at: minutes(30) }],
    ['threat.reported', { threat: 'T-1', threat_kind: 'person', lo: 1, hi: 2, zone: 'B1/3/B', text: 'Seen at a window', source: 'EX-Police control', grade: 'B2' }],
    ['threat.reported', { threat: 'T-2', threat_kind: 'device', lo: 1, hi: 1, zone: 'B1/2/D', text: 'Bag under the stairs', source: 'EX-Rangers HQ', grade: 'C3' }],
    ['eod.called', { threat: 'T-2', unit: 'EX-BDS-1' }],
    ['zone.no_go', { zone: 'B1/4/lift', kind: 'threat', reason: 'Floor not bearing' }], ['zone.voided', { zone: 'B1/1/D', kind: 'threat', void_reason: 'detonation', reason: 'Blast on floor 2' }],
    ['casualty.reported', { casualty: 'C-1', category: 'police', zone: 'B1/1/core', text: 'Leg wound' }], ['casualty.triage_set', { casualty: 'C-1', triage: 'immediate', triage_scheme: 'start', by: 'EX medic' }],
    ['casualty.reported', { casualty: 'C-2', category: 'public', place: 'Gate 2' }], ['casualty.triage_set', { casualty: 'C-2', triage: 'minor', triage_scheme: 'start', by: 'EX medic' }],
    ['casualty.transported', { casualty: 'C-2', vehicle: 'EX-AMB-4', destination: 'EX-Hospital A' }], ['casualty.reported', { casualty: 'C-3', category: 'resident', zone: 'B1/2/A' }],
    ['task.created', { task: 'TK-1', text: 'Open the east gate for the fire tender', owner: 'EX-RRF-1', due_at: minutes(8), priority: 'urgent' }],
    ['task.created', { task: 'TK-2', text: 'List of residents from the caretaker', owner: 'EX-Liaison', due_at: minutes(-25), priority: 'routine' }],
    ['task.created', { task: 'TK-3', text: 'Second stretcher to the CCP', owner: 'EX-AMB-4' }], ['task.done', { task: 'TK-3' }],
    ['point.set', { point: 'P-1', point_kind: 'rvp', place: 'Park Road, petrol station' }], ['closure.set', { closure: 'RC-1', road: 'Harbour Road', text: 'closed both ways', emergency_lane: true }],
    ['report.received', { report: 'R-8', predicate: 'shots', text: 'Three shots from the second floor', source: 'EX-Police control', grade: 'B2', observed_at: minutes(18), unc_s: 900 }],
    ['decision.taken', { decision: 'D-1', text: 'Floors 3 and 4 wait for bomb disposal', rationale: 'Device on floor 2', role: 'commander' }],
  ]
}
