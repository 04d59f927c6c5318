// What a designer may set on the selected element, beside its place in the drawing.

import { element } from './page.js';

// By BPMN type: attributes as the engine reads them, with what people call them.
const FIELDS = {
  'bpmn:UserTask': [
    ['camunda:candidateGroups', '候选组'],
    ['camunda:assignee', '办理人'],
    ['camunda:formRef', '表单'],
    ['camunda:dueDate', '办理时限'],
  ],
  'bpmn:StartEvent': [['camunda:formRef', '表单']],
  'bpmn:ServiceTask': [['camunda:delegateExpression', '处理程序']],
  'bpmn:BusinessRuleTask': [
    ['camunda:decisionRef', '决策表'],
    ['camunda:resultVariable', '结果变量'],
  ],
  'bpmn:CallActivity': [['calledElement', '调用的流程']],
  'bpmn:SequenceFlow': [['conditionExpression', '条件']],
};

// Fill the panel whenever another element is selected or the one shown has changed.
export function startProperties(modeler, panel) {
  let shown;
  const draw = () => panel.replaceChildren(...fieldsOf(modeler, shown));
  const bus = modeler.get('eventBus');
  bus.on('selection.changed', ({ newSelection }) => {
    shown = newSelection.length === 1 ? newSelection[0] : undefined;
    draw();
  });
  bus.on('element.changed', ({ element: changed }) => {
    if (shown && changed.id === shown.id && !panel.contains(document.activeElement)) draw();
  });
  draw();
}

function fieldsOf(modeler, shape) {
  if (!shape) {
    const advice = '在图中选中一个元素，这里可以改它的名称和办理设置。';
    return [element('p', { class: 'text-muted mb-0' }, advice)];
  }
  const { businessObject } = shape;
  return [
    element('p', { class: 'text-muted' }, `编号：${businessObject.id}`),
    field('名称', businessObject.name ?? '', (value) =>
      modeler.get('modeling').updateLabel(shape.labelTarget ?? shape, value),
    ),
    ...(FIELDS[businessObject.$type] ?? []).map(([name, label]) =>
      field(label, written(businessObject.get(name)), (value) =>
        modeler.get('modeling').updateProperties(shape.labelTarget ?? shape, {
          [name]: read(modeler, name, value),
        }),
      ),
    ),
  ];
}

function field(label, value, change) {
  const id = `property-${label}`;
  const input = element('input', { type: 'text', id, class: 'form-control', value });
  input.addEventListener('change', () => change(input.value.trim()));
  return element(
    'div',
    { class: 'mb-2' },
    element('label', { for: id, class: 'form-label' }, label),
    input,
  );
}

function written(value) {
  return (typeof value === 'object' ? value?.body : value) ?? '';
}

function read(modeler, name, value) {
  if (!value) return undefined;
  if (name !== 'conditionExpression') return value;
  return modeler.get('bpmnFactory').create('bpmn:FormalExpression', { body: value });
}
