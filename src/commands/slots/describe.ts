import type { SlotRecord } from '../../domain/ports/secrets.ts';
import type { Column } from '../../terminal/output.ts';
import { age, rfc3339 } from '../../terminal/time.ts';

/** A slot with whether it is the one that opens the store when nothing is said. */
export interface ShownSlot {
  readonly slot: SlotRecord;
  readonly primary: boolean;
}

/** A slot for `--json`. Fields are only ever added. */
export function slotJson({ slot, primary }: ShownSlot): object {
  const { id, name, kind, role } = slot;
  return { id, name, kind, role, primary, created_at: rfc3339(slot.createdAt) };
}

/** The columns of `slots list`; their order in TSV is frozen. */
export function slotColumns(now: number): readonly Column<ShownSlot>[] {
  return [
    { header: 'SLOT', tsv: ({ slot }) => slot.name, flexible: true },
    { header: 'KIND', tsv: ({ slot }) => slot.kind },
    { header: 'ROLE', tsv: ({ slot }) => slot.role },
    { header: 'PRIMARY', tsv: ({ primary }) => (primary ? 'primary' : '') },
    { header: 'ID', tsv: ({ slot }) => slot.id },
    {
      header: 'CREATED',
      tsv: ({ slot }) => rfc3339(slot.createdAt),
      cell: ({ slot }) => age(slot.createdAt, now),
    },
  ];
}
